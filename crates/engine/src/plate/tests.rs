//! Tests of plates: the tables of the domain, good and bad, and what must hold for every text.

use proptest::prelude::*;

use super::*;

fn cn(number: &str, class: Option<&str>, color: Option<&str>) -> Result<ReadPlate, PlateError> {
    read(Grammar::Cn, Some(number), class, color, None)
}

fn kind_of(number: &str) -> Option<PlateKind> {
    cn(number, None, None).ok().map(|plate| plate.kind)
}

/// `NUMBER/CLASS`, and how sure that is.
fn subject(
    number: &str,
    class: Option<&str>,
    color: Option<&str>,
    kind: Option<&str>,
) -> (String, ClassReading) {
    let plate = read(Grammar::Cn, Some(number), class, color, kind).expect("a plate");
    (format!("{}/{}", plate.number, plate.class), plate.class_reading)
}

#[test]
fn every_kind_of_plate_is_told_by_its_form() {
    use PlateKind as K;
    for (number, kind) in [
        ("湘K12345", K::Ordinary),
        ("湘KA1234", K::Ordinary),
        ("湘K8B123", K::Ordinary),
        ("湘KBB123", K::Ordinary),
        ("湘U12345", K::Ordinary),
        ("湘O12345", K::Ordinary),
        ("湘KD12345", K::NewEnergySmall),
        ("湘KA12345", K::NewEnergySmall),
        ("湘KCX2345", K::NewEnergySmall),
        ("湘KK12345", K::NewEnergySmall),
        ("湘K12345D", K::NewEnergyLarge),
        ("湘K12345J", K::NewEnergyLarge),
        ("湘K1234挂", K::Trailer),
        ("湘KA123学", K::Learner),
        ("湘K1234警", K::Police),
        ("粤A1234领", K::Consulate),
        ("123456使", K::Embassy),
        ("使123456", K::Embassy),
        ("粤Z1234港", K::HongKong),
        ("粤ZA123澳", K::Macau),
        ("湘X1234应急", K::Emergency),
        ("京S1234应急", K::Emergency),
        ("WJ湘12345", K::ArmedPolice),
        ("WJ湘1234X", K::ArmedPolice),
        ("WJ1234X", K::ArmedPolice),
        ("VA12345", K::Military),
        ("湘K12345临", K::Temporary),
        ("临湘K1234", K::Temporary),
        ("湘K1234试", K::Temporary),
        ("湘K1234超", K::Temporary),
        ("湘K临时入境1234", K::TemporaryEntry),
        ("民航A1234", K::CivilAviation),
    ] {
        assert_eq!(kind_of(number), Some(kind), "{number}");
        assert_eq!(normalise(Grammar::Cn, number), number, "already normal");
    }
    assert!(
        [K::Embassy, K::ArmedPolice, K::Military]
            .into_iter()
            .all(PlateKind::outside_jurisdiction)
    );
    assert!(
        ![K::Consulate, K::Police, K::HongKong, K::Ordinary]
            .into_iter()
            .any(PlateKind::outside_jurisdiction)
    );
    assert!(K::Temporary.unstable() && K::TemporaryEntry.unstable() && !K::Learner.unstable());
}

#[test]
fn every_province_issues_plates_and_nobody_else_does() {
    for province in "京津冀晋蒙辽吉黑沪苏浙皖闽赣鲁豫鄂湘粤桂琼渝川贵云藏陕甘青宁新".chars()
    {
        assert_eq!(
            kind_of(&format!("{province}A12345")),
            Some(PlateKind::Ordinary),
            "{province}"
        );
    }
    for variant in "滬粵遼蘇贛魯雲陝寧國台".chars() {
        assert_eq!(kind_of(&format!("{variant}A12345")), None, "{variant}");
    }
}

#[test]
fn what_is_not_in_the_grammar_is_invalid() {
    for number in [
        "浙D07C5Y7", // eight characters that fit no new-energy pattern
        "湘KL12345", // L is no energy letter
        "湘KDAB345",
        "湘I12345",
        "湘112345",
        "湘K1234",
        "湘K123456",
        "湘K1234567",
        "粤A1234港",
        "湘K12-45",
        "湘K-1234",
        "湘K12345-",
        "湘K1234?",
        "12345使",
        "1A3456使",
        "民航123",
        "WJ湘123",
        "VA1234X",
        "AB1234",
        "12345678",
        "ABCDEFG",
        "鍗桬12345",
        "湘K12345湘K12345",
        "湘K学学学学学",
        "应急",
        "临",
        "湘K临临123",
    ] {
        assert!(
            matches!(cn(number, None, None), Err(PlateError::Invalid(_))),
            "{number}: {:?}",
            cn(number, None, None)
        );
    }
}

#[test]
fn a_camera_that_read_nothing_says_so_in_many_ways() {
    for grammar in [Grammar::Cn, Grammar::Generic] {
        assert_eq!(
            read(grammar, None, None, None, None),
            Err(PlateError::Unidentified)
        );
        for number in [
            "",
            " ",
            "-",
            "---",
            "???",
            "无牌",
            "无 车 牌",
            "未识别",
            "unknown",
            "Ｕnknown",
            "00000000",
            "\u{200b}",
        ] {
            assert_eq!(
                read(grammar, Some(number), None, None, None),
                Err(PlateError::Unidentified),
                "{number:?}"
            );
        }
    }
    assert_eq!(cn("无", None, None), Err(PlateError::Unidentified));
    assert_eq!(cn("0000", None, None), Err(PlateError::Unidentified));
    let plate = read(Grammar::Generic, Some("NULL"), None, None, None).expect("somebody's plate");
    assert_eq!(&*plate.number, "NULL");
}

#[test]
fn writings_of_one_plate_are_one_number() {
    for number in [
        " 湘Ｋ·ｄ１２３４５ ",
        "湘K·D12345",
        "湘K•D12345",
        "湘k-d12345",
        "湘K－D12345",
        "湘K.D 12345",
        "湘\u{200b}K\u{feff}D12345",
        "绿湘KD12345",
        "渐变绿湘KD12345",
        "黄绿湘KD12345",
    ] {
        assert_eq!(normalise(Grammar::Cn, number), "湘KD12345", "{number}");
    }
    assert_eq!(normalise(Grammar::Cn, "WJ·湘-1234X"), "WJ湘1234X");
    assert_eq!(normalise(Grammar::Cn, "黑A12345"), "黑A12345");
    assert_eq!(normalise(Grammar::Cn, "黑黑A12345"), "黑A12345");
    assert_eq!(
        normalise(Grammar::Cn, "蓝天12345"),
        "蓝天12345",
        "a colour goes only before a plate"
    );
    assert_eq!(
        normalise(Grammar::Cn, "使·123-456"),
        "使123-456",
        "a hyphen inside a group is an unread character"
    );
}

#[test]
fn letters_that_do_not_exist_are_repaired_and_flagged() {
    for (number, repaired) in [
        ("湘KO1234", "湘K01234"),
        ("湘KI234挂", "湘K1234挂"),
        ("湘KDO1234", "湘KD01234"),
        ("湘KI2345D", "湘K12345D"),
        ("VAO1234", "VA01234"),
        ("蓝湘K·o12i4", "湘K01214"),
    ] {
        let plate = cn(number, None, None).expect("a plate");
        assert_eq!((&*plate.number, plate.repaired), (repaired, true), "{number}");
        assert_eq!(
            normalise(Grammar::Cn, number),
            repaired,
            "the key is that of the repaired plate"
        );
        assert!(!cn(repaired, None, None).expect("a plate").repaired);
    }
    for suggestion_only in ["湘KB1234", "湘K8S234", "湘KQ1234"] {
        assert!(!cn(suggestion_only, None, None).expect("a plate").repaired);
    }
    let temporary = cn("湘KO临1234", None, None).expect("a plate");
    assert_eq!((&*temporary.number, temporary.repaired), ("湘KO临1234", false));
    let generic = read(Grammar::Generic, Some("KO1I"), None, None, None).expect("a token");
    assert_eq!((&*generic.number, generic.repaired), ("KO1I", false));
}

#[test]
fn the_class_is_inferred_only_where_that_is_certain() {
    use ClassReading::{Certain, Unknown};
    for (number, color, class, reading) in [
        ("湘K12345", Some("blue"), "02", Certain),
        ("湘K12345", Some("蓝色"), "02", Certain),
        ("湘KD12345", Some("green"), "52", Certain),
        ("湘KD12345", Some("gradient-green"), "52", Certain),
        ("湘K12345D", Some("yellow-green"), "51", Certain),
        ("湘K12345D", Some("yellow_green"), "51", Certain),
        ("湘K12345", None, "-", Unknown),
        ("湘KD12345", None, "-", Unknown),
        ("湘K12345", Some("yellow"), "-", Unknown),
        ("湘K12345", Some("white"), "-", Unknown),
        ("湘K12345", Some("black"), "-", Unknown),
        ("湘K12345", Some("5"), "-", Unknown),
        ("湘K12345D", Some("green"), "-", Unknown),
        ("湘KD12345", Some("yellow-green"), "-", Unknown),
        ("湘K1234警", Some("white"), "-", Unknown),
        ("湘K1234挂", Some("yellow"), "-", Unknown),
        ("湘K1234学", Some("blue"), "-", Unknown),
    ] {
        let expected = (format!("{number}/{class}"), reading);
        for given in [None, Some(""), Some("-"), Some("99")] {
            assert_eq!(
                subject(number, given, color, None),
                expected,
                "{number} {color:?} {given:?}"
            );
        }
    }
    assert_eq!(
        subject("蓝湘K12345", None, None, None),
        ("湘K12345/02".to_owned(), Certain)
    );
    assert_eq!(subject("湘K12345", None, Some("blue"), Some("car")).1, Certain);
    assert_eq!(
        subject("湘K12345", None, Some("blue"), Some("motorcycle")),
        ("湘K12345/-".to_owned(), Unknown)
    );
}

#[test]
fn a_class_that_no_registered_vehicle_has_is_unknown() {
    for class in ["41", "42", "43", "77", "00", "28", "small", "0２", "002"] {
        assert_eq!(
            subject("湘K12345", Some(class), Some("blue"), None),
            ("湘K12345/-".to_owned(), ClassReading::Unknown),
            "{class}"
        );
    }
}

#[test]
fn a_given_class_stands_unless_number_colour_or_vehicle_contradict() {
    use ClassReading::{Certain, Mismatch};
    for (number, class, color, vehicle, reading) in [
        ("湘K12345", "02", Some("blue"), Some("car"), Certain),
        ("湘K12345", "02", None, None, Certain),
        ("湘K12345", "2", None, None, Certain),
        ("湘K12345", "01", None, Some("car"), Certain),
        ("湘K12345", "01", Some("yellow"), Some("bus"), Certain),
        ("湘K12345", "02", Some("other"), Some("spaceship"), Certain),
        ("湘K12345", "07", Some("yellow"), Some("motorcycle"), Certain),
        ("湘K1234挂", "15", Some("yellow"), Some("truck"), Certain),
        ("湘K1234挂", "15", None, Some("trailer"), Certain),
        ("湘K1234学", "16", Some("yellow"), Some("car"), Certain),
        ("湘K1234警", "23", Some("white"), Some("car"), Certain),
        ("粤Z1234港", "26", Some("black"), Some("car"), Certain),
        ("粤A1234领", "04", Some("black"), None, Certain),
        ("123456使", "03", Some("black"), None, Certain),
        ("WJ湘12345", "31", Some("white"), None, Certain),
        ("湘KD12345", "52", Some("green"), Some("car"), Certain),
        ("湘K12345D", "51", Some("yellow-green"), Some("bus"), Certain),
        ("湘O12345", "02", Some("white"), None, Certain),
        ("湘K12345", "01", Some("blue"), None, Mismatch),
        ("湘K12345", "02", Some("yellow"), None, Mismatch),
        ("湘K12345", "02", Some("white"), None, Mismatch),
        ("湘K12345", "02", None, Some("motorcycle"), Mismatch),
        ("湘K12345", "07", None, Some("car"), Mismatch),
        ("湘K12345", "02", None, Some("trailer"), Mismatch),
        ("湘K12345", "52", None, None, Mismatch),
        ("湘K12345", "15", None, None, Mismatch),
        ("湘KD12345", "02", None, None, Mismatch),
        ("湘KD12345", "51", None, None, Mismatch),
        ("湘K12345D", "51", Some("green"), None, Mismatch),
        ("湘K1234警", "02", None, None, Mismatch),
    ] {
        let (text, got) = subject(number, Some(class), color, vehicle);
        assert_eq!(got, reading, "{number} {class} {color:?} {vehicle:?}");
        assert!(
            text.ends_with(&format!("/{class:0>2}")),
            "{text}: the class is the given one"
        );
    }
}

#[test]
fn a_number_of_ordinary_form_on_paper_is_unstable() {
    for (class, kind) in [("22", PlateKind::Temporary), ("20", PlateKind::TemporaryEntry)] {
        let plate = cn("湘K12345", Some(class), None).expect("a plate");
        assert_eq!((plate.kind, plate.class_reading), (kind, ClassReading::Certain));
        assert!(plate.kind.unstable());
    }
}

#[test]
fn colour_and_length_that_disagree_make_no_plate() {
    for (number, color) in [
        ("湘KD1234", "green"),
        ("湘KD1234", "绿"),
        ("湘KD12345", "blue"),
        ("湘K12345", "yellow-green"),
    ] {
        assert!(
            matches!(cn(number, Some("02"), Some(color)), Err(PlateError::Invalid(_))),
            "{number} {color}"
        );
    }
    assert!(matches!(
        cn("绿湘KD1234", None, None),
        Err(PlateError::Invalid(_))
    ));
    assert!(cn("民航A1234", None, Some("green")).is_ok());
}

#[test]
fn generic_tokens_keep_all_but_blanks_slashes_and_hashes() {
    for (number, normal) in [
        ("abc 123-ny", "ABC123-NY"),
        ("ＡＢＣ１２３", "ABC123"),
        ("a/b#c", "ABC"),
        ("7", "7"),
        ("0", "0"),
        ("湘k·12345", "湘K·12345"),
        ("Ä-1", "Ä-1"),
        ("b4a1ff", "B4A1FF"),
    ] {
        let plate = read(
            Grammar::Generic,
            Some(number),
            None,
            Some("green"),
            Some("motorcycle"),
        )
        .expect("a token");
        assert_eq!(&*plate.number, normal);
        assert_eq!((&*plate.class, plate.class_reading), ("-", ClassReading::Certain));
        assert_eq!(normalise(Grammar::Generic, number), normal);
    }
    for (class, kept) in [
        ("PAS", "PAS"),
        ("pas", "pas"),
        (" 4/ #D", "4D"),
        ("", "-"),
        ("-", "-"),
        (" / ", "-"),
    ] {
        let plate = read(Grammar::Generic, Some("ABC"), Some(class), None, None).expect("a token");
        assert_eq!(&*plate.class, kept);
    }
    let hash = "f".repeat(64);
    assert!(read(Grammar::Generic, Some(&hash), None, None, None).is_ok());
    assert!(matches!(
        read(Grammar::Generic, Some(&"f".repeat(129)), None, None, None),
        Err(PlateError::Invalid(_))
    ));
}

#[test]
fn only_the_closed_list_is_not_a_motor_vehicle() {
    for kind in ["ebike", "bicycle", "tricycle", "person", "none", " Bicycle "] {
        assert!(!is_motor_vehicle(kind), "{kind}");
    }
    for kind in [
        "car",
        "van",
        "truck",
        "bus",
        "taxi",
        "motorcycle",
        "trailer",
        "other",
        "",
        "hovercraft",
    ] {
        assert!(is_motor_vehicle(kind), "{kind}");
    }
}

#[test]
fn masked_plates_are_those_of_the_domain() {
    for (number, text) in [
        ("湘K12345", "湘K·12**5"),
        ("湘KD12345", "湘K·D1***5"),
        ("湘K1234警", "湘K·12**警"),
        ("ABC1234-NY", "AB*******Y"),
        ("1322731", "1*****1"),
        ("WJ湘1234X", "WJ*****X"),
        ("A12", "***"),
        ("", ""),
    ] {
        assert_eq!(masked(number), text);
    }
}

proptest! {
    #[test]
    fn every_text_is_read_without_panic_and_its_key_is_stable(
        number in "\\PC{0,20}|.{0,12}|[京湘粤WJ使民航][A-Z][0-9A-Z临挂港]{3,7}|(蓝|黄绿| )?湘[ -·]?[a-zA-Z][-0-9OI]{4,7}",
        class in proptest::option::of("[0-9]{0,3}|\\PC{0,4}"),
        color in proptest::option::of("blue|green|yellow-green|yellow|\\PC{0,4}"),
        kind in proptest::option::of("car|motorcycle|trailer|\\PC{0,4}"),
    ) {
        for grammar in [Grammar::Cn, Grammar::Generic] {
            let key = normalise(grammar, &number);
            prop_assert_eq!(&normalise(grammar, &key), &key);
            let given = (class.as_deref(), color.as_deref(), kind.as_deref());
            if let Ok(plate) = read(grammar, Some(&number), given.0, given.1, given.2) {
                prop_assert_eq!(&*plate.number, &key, "the ledger's key is the number");
                prop_assert!(!plate.number.is_empty() && !plate.class.is_empty());
                prop_assert!(!plate.number.contains(['/', '#', ' ']) && !plate.class.contains(['/', '#', ' ']));
                prop_assert_eq!(&*plate.class == "-", plate.class_reading == ClassReading::Unknown
                    || grammar == Grammar::Generic && &*plate.class == "-");
                let again = read(grammar, Some(&plate.number), given.0, given.1, given.2).expect("still a plate");
                prop_assert_eq!(&again.number, &plate.number);
                prop_assert!(!again.repaired);
            }
        }
    }

    #[test]
    fn masking_hides_the_middle_of_every_text(number in "\\PC{0,20}|湘K[0-9A-Z]{5,6}") {
        let count = number.chars().count();
        let shown: Vec<char> = masked(&number).chars().collect();
        // A Chinese plate gets its dot after the issuing letter.
        let dot = usize::from(shown.len() > count);
        prop_assert_eq!(shown.len(), count + dot);
        for index in 4..count.saturating_sub(1) {
            prop_assert_eq!(shown[index + dot], '*');
        }
        let hidden = shown.iter().filter(|char| **char == '*').count();
        prop_assert!(hidden >= (count / 2).min(2), "{hidden} of {count}");
    }
}
