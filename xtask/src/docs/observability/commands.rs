//! Commands in a page, held against the page of the command line.

/// Options of all commands stand before the first one.
const COMMAND: &str = "\n## flotilla ";

pub(super) struct Commands<'a> {
    common: &'a str,
    /// Name without `flotilla`, and what the page says of it.
    sections: Vec<(&'a str, &'a str)>,
}

impl<'a> Commands<'a> {
    pub(super) fn of(page: &'a str) -> Self {
        let mut parts = page.split(COMMAND);
        let common = parts.next().unwrap_or_default();
        Self { common, sections: parts.filter_map(|part| part.split_once('\n')).collect() }
    }

    /// Of the indented lines, and of what stands in back-quotes, that begin with `flotilla`: commands and options that are
    /// not there.
    pub(super) fn unknown_in(&self, text: &str) -> Vec<String> {
        let lines = text.lines().filter_map(|line| line.strip_prefix("    "));
        let quoted = text.split('`').skip(1).step_by(2);
        let commands = lines.chain(quoted).filter_map(|code| code.trim_start().strip_prefix("flotilla "));
        commands.flat_map(|command| self.unknown(command)).collect()
    }

    fn unknown(&self, line: &str) -> Vec<String> {
        // A pipe or a comment ends it.
        let words: Vec<&str> = line.split_whitespace().take_while(|word| !matches!(*word, "|" | "#" | ">")).collect();
        let is_begun_by = |name: &str| words.iter().take(name.split(' ').count()).copied().eq(name.split(' '));
        let Some((name, section)) = self.sections.iter().find(|(name, _)| is_begun_by(name)) else {
            return vec![format!("there is no command flotilla {line}")];
        };
        let options = words.iter().filter(|word| word.starts_with("--"));
        options
            .filter(|option| !names(section, option) && !names(self.common, option))
            .map(|option| format!("flotilla {name} has no option {option}"))
            .collect()
    }
}

fn names(text: &str, option: &str) -> bool {
    text.split(|c: char| c.is_whitespace() || "<>|[],`".contains(c)).any(|word| word == option)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "      --json  Print\n\n## flotilla queue list\n\n      --state <STATE>  One\n\n\
                        ## flotilla queue resolve\n\n<--happened|--do-it-again>\n\n## flotilla status\n\nShow\n";

    #[test]
    fn commands_and_options_that_are_not_there_are_found() {
        let commands = Commands::of(PAGE);
        let good = "Text flotilla nothing, `flotilla status --json`.\n\n    flotilla queue list --state dead --json | jq .\n    \
                    flotilla queue resolve 7 --do-it-again\n    flotilla status   # --never\n    curl --fail\n";
        assert!(commands.unknown_in(good).is_empty(), "{:?}", commands.unknown_in(good));
        for (line, part) in [
            ("flotilla queue lists", "no command flotilla queue lists"),
            ("flotilla queue", "no command"),
            ("flotilla status --state dead", "status has no option --state"),
            ("flotilla queue list --stat dead", "no option --stat"),
        ] {
            let found = commands.unknown_in(&format!("    {line}\n"));
            assert!(found.len() == 1 && found[0].contains(part), "{line}: {found:?}");
            assert_eq!(commands.unknown_in(&format!("It says `{line}`.")).len(), 1, "{line}");
        }
    }
}
