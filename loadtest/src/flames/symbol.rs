//! Names of functions, short enough for a picture.

/// Drops the parameters of generic types, which are most of a name, and of `<Type as Trait>::function` the trait.
pub(super) fn short(name: &str) -> String {
    let mut kept = String::with_capacity(name.len());
    let mut depth = 0usize;
    let mut rest = name;
    if let Some(inner) = name.strip_prefix('<')
        && let Some(end) = end_of_brackets(inner)
    {
        let implementor = &inner[..end];
        kept = short(implementor.split(" as ").next().unwrap_or(implementor));
        rest = &inner[end + 1..];
    }
    let mut previous = ' ';
    for c in rest.chars() {
        match c {
            '<' => depth += 1,
            // Of an arrow, `->`, it closes nothing.
            '>' if previous != '-' => depth = depth.saturating_sub(1),
            _ if depth == 0 => kept.push(c),
            _ => {}
        }
        previous = c;
    }
    // What stood before brackets that are gone: `Vec::<T>::push`.
    while kept.contains("::::") {
        kept = kept.replace("::::", "::");
    }
    let kept = kept.replace("{{closure}}", "{}").trim_end_matches("::").to_owned();
    if kept.is_empty() { name.to_owned() } else { kept }
}

/// Where the bracket closes that was opened just before `text`.
fn end_of_brackets(text: &str) -> Option<usize> {
    let mut depth = 1usize;
    let mut previous = ' ';
    for (at, c) in text.char_indices() {
        match c {
            '<' => depth += 1,
            '>' if previous != '-' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(at);
        }
        previous = c;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_generic_is_left_out() {
        for (name, expected) in [
            ("do_syscall_64", "do_syscall_64"),
            ("tokio::runtime::task::raw::poll", "tokio::runtime::task::raw::poll"),
            ("alloc::vec::Vec<T,A>::push", "alloc::vec::Vec::push"),
            ("tokio::runtime::task::core::Core<T,S>::poll::{{closure}}", "tokio::runtime::task::core::Core::poll::{}"),
            ("<std::io::Cursor<T> as std::io::Read>::read", "std::io::Cursor::read"),
            ("<F as FnOnce<fn(A) -> B>>::call_once", "F::call_once"),
            ("core::ptr::drop_in_place<alloc::sync::Arc<T>>", "core::ptr::drop_in_place"),
            ("broken<", "broken"),
            ("<broken", "<broken"),
        ] {
            assert_eq!(short(name), expected, "{name}");
        }
    }
}
