//! Roles: what members may, by their work.

use super::Action::{Read, Write};
use super::{Area, Scopes};

/// What a member's work is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Everything.
    Owner,
    /// Everything but who the owners are.
    Admin,
    /// Audiences and experiences for people whom they may look at.
    Marketer,
    /// Looks people up to help them.
    Agent,
    /// Figures without people.
    Analyst,
    /// Requests, consent, and what was done with people's data.
    PrivacyOfficer,
    /// Installs: sources, the tracking plan, quarantine, identity rules.
    Engineer,
    /// Looks at everything but members, tokens and the audit log.
    ReadOnly,
}

impl Role {
    /// Every role.
    pub(crate) const ALL: [Self; 8] = [
        Self::Owner,
        Self::Admin,
        Self::Marketer,
        Self::Agent,
        Self::Analyst,
        Self::PrivacyOfficer,
        Self::Engineer,
        Self::ReadOnly,
    ];

    /// The word in SQL and on the wire.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Admin => "admin",
            Self::Marketer => "marketer",
            Self::Agent => "agent",
            Self::Analyst => "analyst",
            Self::PrivacyOfficer => "privacy_officer",
            Self::Engineer => "engineer",
            Self::ReadOnly => "read_only",
        }
    }

    /// The role of a word.
    pub(crate) fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == word)
    }

    /// What it is for.
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::Owner => "May do everything, and decides who else is an owner",
            Self::Admin => "May do everything except make owners or take them away",
            Self::Marketer => "Builds audiences and experiences, and looks at people",
            Self::Agent => "Looks people up to help them, and reads why they see what they see",
            Self::Analyst => {
                "Reads figures: reports, results and counts, without the data of people"
            }
            Self::PrivacyOfficer => {
                "Answers privacy requests, keeps consent policies, reads the audit log"
            }
            Self::Engineer => {
                "Installs and mends: sources, the tracking plan, quarantine, identity rules"
            }
            Self::ReadOnly => "Looks at everything except members, tokens and the audit log",
        }
    }

    /// What its members may.
    pub(crate) fn scopes(self) -> Scopes {
        use Area::{
            Audiences, Audit, Consent, Events, Experiences, Identity, Ownership, People, Privacy,
            Reports, Settings, Sources,
        };
        match self {
            Self::Owner => Scopes::all(),
            Self::Admin => {
                let areas: Vec<Area> = Area::ALL
                    .into_iter()
                    .filter(|area| *area != Ownership)
                    .collect();
                Scopes::of(Read, &areas).and(Write, &areas)
            }
            Self::Marketer => Scopes::of(
                Read,
                &[Events, People, Audiences, Experiences, Consent, Reports],
            )
            .and(Write, &[Audiences, Experiences, Reports]),
            Self::Agent => Scopes::of(Read, &[People, Audiences, Experiences]),
            Self::Analyst => {
                Scopes::of(Read, &[Audiences, Experiences, Consent, Reports]).and(Write, &[Reports])
            }
            Self::PrivacyOfficer => Scopes::of(
                Read,
                &[
                    Events, People, Identity, Audiences, Consent, Sources, Privacy, Reports, Audit,
                ],
            )
            .and(Write, &[People, Consent, Privacy]),
            Self::Engineer => Scopes::of(
                Read,
                &[
                    Events,
                    People,
                    Identity,
                    Audiences,
                    Experiences,
                    Consent,
                    Sources,
                    Reports,
                    Settings,
                ],
            )
            .and(Write, &[Events, Identity, Sources]),
            Self::ReadOnly => Scopes::of(
                Read,
                &[
                    Events,
                    People,
                    Identity,
                    Audiences,
                    Experiences,
                    Consent,
                    Sources,
                    Privacy,
                    Reports,
                    Settings,
                ],
            ),
        }
    }
}
