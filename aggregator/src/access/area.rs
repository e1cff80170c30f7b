//! Parts of the product, over which scopes are given.

/// A part of the product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Area {
    /// Live events, the ledger, quarantine and the tracking plan.
    Events,
    /// Profiles, and what of consent, audiences and events is told of one person.
    People,
    /// Rules, merges and matching.
    Identity,
    /// Audiences and computed traits.
    Audiences,
    /// Experiences and placements.
    Experiences,
    /// Consent policies, and the counting of who did not agree.
    Consent,
    /// Sources and their write keys.
    Sources,
    /// Requests of people about their data.
    Privacy,
    /// Figures over events.
    Reports,
    /// Members and invitations.
    Members,
    /// Tokens of the server API.
    Tokens,
    /// The log of what everybody did.
    Audit,
    /// Spaces, and keys that sign user tokens.
    Settings,
    /// What only owners may: to make owners, and to take them away.
    Ownership,
}

impl Area {
    /// Every area, in the order in which they are shown.
    pub(crate) const ALL: [Self; 14] = [
        Self::Events,
        Self::People,
        Self::Identity,
        Self::Audiences,
        Self::Experiences,
        Self::Consent,
        Self::Sources,
        Self::Privacy,
        Self::Reports,
        Self::Members,
        Self::Tokens,
        Self::Audit,
        Self::Settings,
        Self::Ownership,
    ];

    /// The word in scopes.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Events => "events",
            Self::People => "people",
            Self::Identity => "identity",
            Self::Audiences => "audiences",
            Self::Experiences => "experiences",
            Self::Consent => "consent",
            Self::Sources => "sources",
            Self::Privacy => "privacy",
            Self::Reports => "reports",
            Self::Members => "members",
            Self::Tokens => "tokens",
            Self::Audit => "audit",
            Self::Settings => "settings",
            Self::Ownership => "ownership",
        }
    }

    /// What it is, for people.
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::Events => "live events, the ledger, quarantine and the tracking plan",
            Self::People => "people and their data",
            Self::Identity => "identity rules, merges and matching",
            Self::Audiences => "audiences and computed traits",
            Self::Experiences => "experiences and placements",
            Self::Consent => "consent policies and counts",
            Self::Sources => "sources and write keys",
            Self::Privacy => "privacy requests",
            Self::Reports => "reports",
            Self::Members => "members and invitations",
            Self::Tokens => "tokens",
            Self::Audit => "the audit log",
            Self::Settings => "spaces and settings",
            Self::Ownership => "who the owners are",
        }
    }
}
