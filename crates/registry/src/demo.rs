//! Made-up owners for the demo: the same plate always has the same number, and no number belongs to anybody.

use async_trait::async_trait;
use engine::ids::hash;
use ports::contact::{Name, Phone};
use ports::registry::{Owner, OwnerQuery, Registry, RegistryError};

/// Country code 999 is reserved and leads nowhere, whatever follows it.
const NOWHERE: &str = "+999";
/// One plate in so many has no phone, so that the demo shows that too.
const WITHOUT_PHONE: u64 = 20;

/// Knows everybody, by invention; `kind = "demo"`.
#[derive(Clone, Copy, Debug, Default)]
pub struct DemoRegistry;

#[async_trait]
impl Registry for DemoRegistry {
    async fn owners(&self, query: &OwnerQuery) -> Result<Vec<Owner>, RegistryError> {
        Ok(invent(query).into_iter().collect())
    }
}

fn invent(query: &OwnerQuery) -> Option<Owner> {
    let digest = hash(&[query.number.as_bytes(), query.class.as_bytes()]);
    let number = digest[..8]
        .iter()
        .fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    if number.is_multiple_of(WITHOUT_PHONE) {
        return None;
    }
    let phone = Phone::parse(&format!("{NOWHERE}{:09}", number / WITHOUT_PHONE % 1_000_000_000))?;
    let owner = number % 100_000;
    Some(Owner {
        phone,
        name: Some(Name::new(format!("示例车主{owner:05}"))),
        owner_id: Some(format!("demo-{owner:05}").into()),
    })
}

#[cfg(test)]
mod tests {
    use engine::time::Timestamp;
    use jiff::tz::TimeZone;

    use super::*;

    fn phone(number: &str) -> Option<String> {
        let query = OwnerQuery {
            number: number.into(),
            class: "02".into(),
            at: Timestamp::from_micros(0),
            zone: TimeZone::UTC,
        };
        invent(&query).map(|owner| owner.phone.reveal().to_owned())
    }

    #[test]
    fn every_number_leads_nowhere_and_some_plates_have_none() {
        let phones: Vec<_> = (10_000..12_000)
            .map(|serial| phone(&format!("湘K{serial}")))
            .collect();
        assert!(
            phones
                .iter()
                .flatten()
                .all(|phone| phone.starts_with("+999") && phone.len() == 13)
        );
        let without = phones.iter().filter(|phone| phone.is_none()).count();
        assert!((50..=150).contains(&without), "{without} of 2000");
    }

    #[test]
    fn a_plate_keeps_its_number() {
        assert_eq!(phone("湘K12345"), phone("湘K12345"));
        assert_ne!(phone("湘K12345"), phone("湘K12346"));
    }
}
