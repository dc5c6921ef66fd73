//! A small judge that reads lines and knows nothing of how they were made.
//!
//! It knows only the rules that a city of this kind needs: stays of one place, one window per
//! calendar year, one waiver.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use world::city::{Answer, CaseAnswer, Disposition, FactAnswer, Outcome};

struct Sighting {
    fact: String,
    subject: String,
    zone: String,
    from: String,
    captured: Timestamp,
    /// Why it is not taken at its word.
    doubt: Option<&'static str>,
}

#[derive(Default)]
struct Judge {
    answers: Vec<Answer>,
    sightings: Vec<Sighting>,
    /// Verdict or reason by the sighting that it is about.
    said: BTreeMap<String, String>,
}

/// All answers, in no order. `contact` is false throughout, since the lines do not tell.
pub(crate) fn judge(lines: &[String]) -> Vec<Answer> {
    let mut judge = Judge::default();
    let mut kept: BTreeMap<String, Value> = BTreeMap::new();
    for line in lines {
        let Ok(line) = serde_json::from_str::<Value>(line) else {
            judge.aside(None, Disposition::Quarantined, Some("schema"));
            continue;
        };
        let fact = format!("{}#{}", text(&line["source"]), text(&line["id"]));
        match kept.get(&fact) {
            None => drop(kept.insert(fact, line)),
            Some(first) if (&first["type"], &first["data"]) == (&line["type"], &line["data"]) => {
                judge.aside(Some(fact), Disposition::Duplicate, None);
            }
            Some(_) => judge.aside(Some(fact), Disposition::Conflict, None),
        }
    }
    let mut pictures = BTreeSet::new();
    for (fact, line) in kept {
        judge.read(fact, &line, &mut pictures);
    }
    judge.decide();
    judge.answers
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

impl Judge {
    fn aside(&mut self, fact: Option<String>, disposition: Disposition, reason: Option<&'static str>) {
        let reason = reason.map(Into::into);
        self.answers.push(Answer::Fact(FactAnswer {
            fact,
            disposition,
            reason,
        }));
    }

    fn read(&mut self, fact: String, line: &Value, pictures: &mut BTreeSet<String>) {
        let data = &line["data"];
        let time: Timestamp = text(&line["time"]).parse().unwrap();
        if line["type"] != "clearwalk.observation.v1" {
            let said = match data["verdict"].as_str() {
                Some("rejected") => "review_rejected",
                Some(verdict) => verdict,
                None => text(&data["reason"]),
            };
            self.said.insert(text(&data["about"]).to_owned(), said.to_owned());
            return self.aside(Some(fact), Disposition::Applied, None);
        }
        let Some(from) = data.get("captured_at").map(text) else {
            return self.aside(Some(fact), Disposition::Quarantined, Some("schema"));
        };
        let captured: Timestamp = from.parse().unwrap();
        let Some(number) = data["plate"]["number"].as_str() else {
            return self.aside(Some(fact), Disposition::Quarantined, Some("unidentified_vehicle"));
        };
        let Some(class) = class_of(number) else {
            return self.aside(Some(fact), Disposition::Quarantined, Some("invalid_plate"));
        };
        assert!(
            data["plate"].get("class").is_none_or(|given| given == class),
            "{line}"
        );
        assert_eq!(
            data["plate"]["color"],
            if class == "02" { "blue" } else { "green" }
        );
        if captured > time + SignedDuration::from_secs(60) {
            return self.aside(Some(fact), Disposition::Quarantined, Some("clock_skew"));
        }
        if data["device"]["mode"] == "test" {
            return self.aside(Some(fact), Disposition::Inadmissible, None);
        }
        let picture = format!(
            "{} {from} {}",
            data["device"]["id"], data["evidence"][0]["sha256"]
        );
        if !pictures.insert(picture) {
            return self.aside(Some(fact), Disposition::Merged, None);
        }
        let late = time.duration_since(captured) > SignedDuration::from_hours(8 * 24);
        let uncertain = data["plate"]["confidence"].as_f64().unwrap() < 0.9;
        self.sightings.push(Sighting {
            fact,
            subject: format!("{number}/{class}"),
            zone: text(&data["place"]["zone"]).to_owned(),
            from: from.to_owned(),
            captured,
            doubt: if uncertain {
                Some("plate_uncertain")
            } else {
                late.then_some("late")
            },
        });
    }

    fn decide(&mut self) {
        let mut sightings = std::mem::take(&mut self.sightings);
        sightings
            .sort_by(|left, right| (&left.subject, left.captured).cmp(&(&right.subject, right.captured)));
        let same_stay = |left: &Sighting, right: &Sighting| {
            left.subject == right.subject
                && right.captured.duration_since(left.captured) <= SignedDuration::from_mins(60)
        };
        let mut counted: BTreeMap<(String, String), u32> = BTreeMap::new();
        let mut former: Option<(String, Timestamp)> = None;
        for stay in sightings.chunk_by(same_stay) {
            let (first, last) = (&stay[0], &stay[stay.len() - 1]);
            if let Some((subject, end)) = former.replace((last.subject.clone(), last.captured)) {
                let apart = first.captured.duration_since(end) > SignedDuration::from_hours(36);
                assert!(
                    subject != first.subject || apart,
                    "{} returns too early",
                    first.fact
                );
            }
            assert!(
                stay.iter()
                    .all(|one| (&one.zone, one.doubt) == (&first.zone, first.doubt))
            );
            let said = stay
                .iter()
                .find_map(|one| self.said.get(&one.fact))
                .filter(|said| *said != "confirmed");
            let counts = said.is_none() && first.doubt.is_none();
            let window = (first.subject.clone(), first.from[..4].to_owned());
            let ordinal = counts.then(|| {
                let count = counted.entry(window).or_default();
                *count += 1;
                *count
            });
            let (outcome, reason) = match (first.doubt, said, ordinal) {
                (Some(doubt), ..) => (Outcome::Held, doubt),
                (None, Some(said), _) => (Outcome::Voided, said.as_str()),
                (None, None, Some(1)) => (Outcome::Waived, "first_in_window"),
                (None, None, _) => (Outcome::PenaltyProposed, "allowance_used"),
            };
            self.answers.push(Answer::Case(CaseAnswer {
                subject: first.subject.clone(),
                zone: first.zone.clone(),
                from: first.from.clone(),
                to: last.from.clone(),
                facts: stay.iter().map(|one| one.fact.clone()).collect(),
                outcome,
                ordinal,
                reason: reason.to_owned().into(),
                contact: false,
            }));
        }
    }
}

/// The class of a plate by the grammar of GA 36, if it is an ordinary or a small new-energy one.
pub(crate) fn class_of(number: &str) -> Option<&'static str> {
    let letter = |c: char| c.is_ascii_uppercase() && !"IO".contains(c);
    let mut characters = number.chars();
    let province = characters.next()?;
    let area = characters.next()?;
    let serial: Vec<char> = characters.collect();
    let is_area =
        "京津冀晋蒙辽吉黑沪苏浙皖闽赣鲁豫鄂湘粤桂琼渝川贵云藏陕甘青宁新".contains(province) && letter(area);
    let is_serial = serial.iter().all(|c| c.is_ascii_digit() || letter(*c));
    let letters = serial.iter().filter(|c| letter(**c)).count();
    match serial.len() {
        5 if is_area && is_serial && letters <= 2 => Some("02"),
        6 if is_area
            && is_serial
            && "DABCEFGHJK".contains(serial[0])
            && serial[2..].iter().all(char::is_ascii_digit) =>
        {
            Some("52")
        }
        _ => None,
    }
}
