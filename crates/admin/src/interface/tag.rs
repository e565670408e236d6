//! The chapters of the description.

macro_rules! tags {
    ($($tag:ident $name:literal $description:literal;)*) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Tag {
            $($tag,)*
        }

        impl Tag {
            /// In the order in which they are shown.
            pub(crate) const ALL: &[Self] = &[$(Self::$tag,)*];

            pub(crate) const fn name(self) -> &'static str {
                match self {
                    $(Self::$tag => $name,)*
                }
            }

            pub(crate) const fn description(self) -> &'static str {
                match self {
                    $(Self::$tag => $description,)*
                }
            }
        }
    };
}

tags! {
    Cluster "cluster" "The nodes, who leads, and whether their states are equal.";
    Servers "servers" "The members in order of promotion; how members come and go.";
    Work "transaction manager" "Which nodes work on events.";
    Parameters "parameters" "What may be set while the cluster runs.";
    Accounts "accounts" "The partners.";
    Routes "routes" "What is done with the files that an account sends, and with its applications' events.";
    Events "events" "The event queue: what waits, what is worked on, what needs a person.";
    Lanes "lanes" "The shares of the queue.";
    Logs "logs" "What came in and what was done with it; who changed what.";
    Certificates "certificates" "The certificates of the nodes, and what is refused.";
    Authorities "certificate authorities" "The CAs that the cluster trusts, and those of the nodes.";
    Secret "cluster secret" "What the nodes share to authenticate each other and to seal what is stored.";
    Administrators "administrators" "Who may use this interface, their second factors, their sessions and the tokens of their programs.";
    Health "health" "For load balancers, supervisors and monitoring.";
    Description "description" "This interface, told by itself.";
}
