//! The address at which browsers find this server, from which the provider's way back is made. It is told by the operator:
//! what a request says of it may be made up.

use url::Url;

/// Where the dashboard takes the provider's answer.
const CALLBACK: &str = "sign-in/callback";

/// The origin of this server, such as `https://cdp.example.com`.
#[derive(Clone, Debug)]
pub(crate) struct PublicUrl(Url);

impl PublicUrl {
    /// The address to which the provider sends browsers back.
    pub(super) fn callback(&self) -> String {
        format!("{}{CALLBACK}", self.0)
    }
}

/// Reads `--public-url`.
pub(crate) fn public_url(text: &str) -> Result<PublicUrl, String> {
    let wrong = || {
        "write the address at which browsers open the dashboard, such as https://cdp.example.com, without a path".to_owned()
    };
    let url = Url::parse(text).map_err(|_| wrong())?;
    let plain = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    let anonymous = url.username().is_empty() && url.password().is_none();
    let web = matches!(url.scheme(), "https" | "http");
    (plain && anonymous && web && url.has_host())
        .then_some(PublicUrl(url))
        .ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_back_is_made_of_the_public_address_alone() {
        let back = |text| public_url(text).map(|url| url.callback());
        let wanted = Ok("https://cdp.example.com/sign-in/callback".to_owned());
        assert_eq!(back("https://cdp.example.com"), wanted);
        assert_eq!(back("https://CDP.example.com:443/"), wanted);
        for text in [
            "cdp.example.com",
            "https://cdp.example.com/path",
            "https://a:b@cdp.example.com",
            "https://cdp.example.com/?q",
            "javascript:alert(1)",
        ] {
            assert!(back(text).is_err(), "{text}");
        }
    }
}
