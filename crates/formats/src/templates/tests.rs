//! Own texts stand before the built-in ones, and a wrong text is told with its line and key.

use engine::fact::NoticeKind;
use engine::message::Params;

use super::*;

#[test]
fn own_texts_signature_and_hotline_stand_before_the_built_in_ones() {
    let texts = parse(
        "t.toml",
        "sign = { zh = \"娄底城管\", en = \"Loudi UM\" }\nhotline = \"0738-8312345\"\nX9 = \"{plate}\"\n\
         [A1]\nzh = \"您的{plate}首次违停，咨询{hotline}。\"\n",
    )
    .unwrap();
    let params = Params {
        plate: "湘K12345",
        ..Params::default()
    };
    let text = |id, lang| texts.render(NoticeKind::Waived, id, &params, lang).text;
    assert_eq!(
        text(None, Lang::Zh),
        "【娄底城管】您的湘K12345首次违停，咨询0738-8312345。"
    );
    assert!(text(None, Lang::En).starts_with("[Loudi UM] 湘K12345: suspected sidewalk parking"));
    assert_eq!(text(Some("X9"), Lang::En), "[Loudi UM] 湘K12345");
    assert_eq!(text(Some("X9"), Lang::Zh), "【娄底城管】湘K12345");
    assert!(texts.contains("X9") && texts.contains("D3") && !texts.contains("X8"));
}

#[test]
fn a_file_that_says_nothing_leaves_everything_built_in() {
    let texts = parse("t.toml", "").unwrap();
    let params = Params {
        plate: "湘K12345",
        ..Params::default()
    };
    let [ours, theirs] =
        [&texts, &Texts::built_in()].map(|texts| texts.render(NoticeKind::Warned, None, &params, Lang::Zh));
    assert_eq!(ours, theirs);
}

#[test]
fn every_mistake_is_told_with_its_line_and_key() {
    for (text, expected) in [
        ("A1 = 7\n", "1: A1: must be a string in quotes, not an integer"),
        ("[A1]\n", "1: A1: has no text; give zh, en or both"),
        (
            "[A1]\nzh = \"{plate}\"\nde = \"{plate}\"\n",
            "3: A1.de: unknown key; there are zh, en",
        ),
        (
            "[A1]\nzh = \"\"\n",
            "2: A1.zh: is blank; leave it out, or give it a text",
        ),
        (
            "[A1]\nen = \"{plate}\"\nzh = \"{plat}违停\"\n",
            "3: A1.zh: character 1: `{plat}` is no parameter; known are: plate case place time seen window nth fine penalty basis deadline until promise restored finding hotline",
        ),
        (
            "B1 = \"{plate}: see https://example.com\"\n",
            "1: B1: a message carries no links: they are how fraud looks",
        ),
        (
            "B1 = \"[{plate}\"\n",
            "1: B1: character 1: `[` has no counterpart",
        ),
        (
            "\"B 1\" = \"{plate}\"\n",
            "1: B 1: a template's id has no blanks; call it as the policy does, such as A1",
        ),
        (
            "sign = \"城\"\n",
            "1: sign: `【` and `】` may only enclose a signature of 2 to 12 characters in front",
        ),
        (
            "hotline = \"13800000000\"\n",
            "1: hotline: `13800000000` is no public number: give a landline, 400, 95xxx or 12345, no mobile number",
        ),
    ] {
        let error = parse("t.toml", text).map(|_| ()).unwrap_err().to_string();
        assert_eq!(error, format!("t.toml:{expected}"), "{text}");
    }
}
