//! Tests of messages: every text, its parts, and what may never stand in one.

use std::sync::Arc;

use jiff::civil::date;
use proptest::prelude::*;

use super::*;
use crate::fact::NoticeKind;
use crate::policy::Fine;

fn fine() -> Fine {
    Fine {
        minor: 10_000,
        currency: Arc::from("CNY"),
    }
}

/// A case as it usually comes.
fn typical(fine: &Fine) -> Params<'_> {
    Params {
        plate: "湘K12345",
        case: Some("260302-8C1F0A4BE27D"),
        place: Some("乐坪大道与长青街口东侧"),
        time: Some(When::Minute(date(2026, 3, 2).at(10, 0, 5, 0))),
        window: Some(WindowWords::CalendarYear),
        ordinal: Some(1),
        fine: Some(fine),
        basis: Some("道路交通安全法第93条"),
        deadline: Some(date(2026, 3, 31)),
        until: Some(date(2026, 3, 2).at(10, 15, 0, 0)),
        promise: Some(Promise::NotRecorded),
        restored: true,
        reviewed: true,
        hotline: None,
    }
}

/// The longest values that can come.
fn worst(fine: &Fine) -> Params<'_> {
    Params {
        plate: "湘KD12345",
        place: Some("娄星广场北侧长青中街农业银行娄底分行正门"),
        time: Some(When::Minute(date(2026, 12, 31).at(23, 59, 0, 0))),
        window: Some(WindowWords::RollingMonths(12)),
        ordinal: Some(12),
        basis: Some("道路交通安全法第五十六条、第九十三条"),
        deadline: Some(date(2026, 12, 31)),
        until: Some(date(2026, 12, 31).at(23, 59, 0, 0)),
        promise: Some(Promise::OnlyReminder),
        ..typical(fine)
    }
}

fn signed() -> Texts {
    let mut texts = Texts::built_in();
    texts.set_sign(Lang::Zh, "娄底城管").expect("a signature");
    texts.set_sign(Lang::En, "Loudi UM").expect("a signature");
    texts
}

#[test]
fn every_chinese_text_reads_as_written_and_fits() {
    let (texts, fine) = (signed(), fine());
    for (kind, parts, text) in [
        (
            NoticeKind::Waived,
            2,
            "【娄底城管】您的湘K12345于2026年3月2日10时0分停放在乐坪大道与长青街口东侧，经核属违法停车，为本年度首次，依法不予处罚，再次违停将依法处理。编号260302-8C1F0A4BE27D，查询或异议请拨12345。",
        ),
        (
            NoticeKind::Warned,
            2,
            "【娄底城管】湘K12345于2026年3月2日10时0分停在乐坪大道与长青街口东侧，经核属违法停车，为本年度首次，依据道路交通安全法第93条，给予警告，不罚款。编号260302-8C1F0A4BE27D，陈述申辩请拨12345。",
        ),
        (
            NoticeKind::Reminded,
            1,
            "【娄底城管】湘K12345于3月2日10时0分停在乐坪大道与长青街口东侧人行道，请于10时15分前驶离，按时驶离不作记录。咨询12345。",
        ),
        (
            NoticeKind::PenaltyProposed,
            2,
            "【娄底城管】湘K12345于2026年3月2日10时0分停在乐坪大道与长青街口东侧，经核属违法停车，依据道路交通安全法第93条，拟罚款100元。可陈述申辩，请于2026年3月31日前处理。编号260302-8C1F0A4BE27D，咨询12345。",
        ),
        (
            NoticeKind::Withdrawn,
            2,
            "【娄底城管】编号260302-8C1F0A4BE27D：此前关于湘K12345于2026年3月2日10时0分停车的通知已撤回，您无需处理，首次免罚机会不受影响。咨询12345。",
        ),
        (
            NoticeKind::ObjectionUpheld,
            2,
            "【娄底城管】编号260302-8C1F0A4BE27D的申辩经复核成立，湘K12345该次违停记录已撤销，不计入次数，首次免罚机会不受影响。咨询12345。",
        ),
        (
            NoticeKind::ObjectionRejected,
            2,
            "【娄底城管】编号260302-8C1F0A4BE27D的申辩经复核不成立，湘K12345的处理意见不变，请于2026年3月31日前接受处理。对处罚决定不服可依法申请行政复议。咨询12345。",
        ),
    ] {
        let message = texts.render(kind, None, &typical(&fine), Lang::Zh);
        assert_eq!(message.text, text, "{kind:?}");
        assert_eq!(
            segments(&message.text, Route::DomesticChina),
            parts,
            "{kind:?}: {}",
            text.chars().count()
        );
        let longest = texts.render(kind, None, &worst(&fine), Lang::Zh).text;
        let most = if kind == NoticeKind::PenaltyProposed || kind == NoticeKind::Warned {
            3
        } else {
            2
        };
        assert!(
            segments(&longest, Route::DomesticChina) <= most,
            "{kind:?} {}: {longest}",
            longest.chars().count()
        );
    }
}

#[test]
fn every_english_text_reads_as_written_and_fits() {
    let (texts, fine) = (signed(), fine());
    let params = Params {
        place: Some("Leping Avenue, east"),
        basis: Some("art. 93"),
        ..typical(&fine)
    };
    for (kind, parts, text) in [
        (
            NoticeKind::Waived,
            3,
            "[Loudi UM] 湘K12345: confirmed sidewalk parking at Leping Avenue, east on 2 Mar 2026 10:00, first this year: no penalty. A repeat will be penalised. Ref 260302-8C1F0A4BE27D. Queries 12345.",
        ),
        (
            NoticeKind::Warned,
            3,
            "[Loudi UM] 湘K12345: confirmed sidewalk parking at Leping Avenue, east on 2 Mar 2026 10:00, first this year (art. 93): formal warning, no fine. You may object. Ref 260302-8C1F0A4BE27D. Queries 12345.",
        ),
        (
            NoticeKind::Reminded,
            3,
            "[Loudi UM] 湘K12345 stands on the sidewalk at Leping Avenue, east, seen 2 Mar 10:00. Please move it by 10:15. If you leave in time nothing is recorded. Queries 12345.",
        ),
        (
            NoticeKind::PenaltyProposed,
            4,
            "[Loudi UM] 湘K12345: confirmed sidewalk parking at Leping Avenue, east on 2 Mar 2026 10:00 (art. 93): proposed fine CNY 100. You may state your defence. Respond by 31 Mar 2026. Ref 260302-8C1F0A4BE27D. Queries 12345.",
        ),
        (
            NoticeKind::Withdrawn,
            3,
            "[Loudi UM] Our message about 湘K12345 on 2 Mar 2026 10:00, ref 260302-8C1F0A4BE27D, is withdrawn. You need do nothing. Your first-offence waiver is unaffected. Queries 12345.",
        ),
        (
            NoticeKind::ObjectionUpheld,
            3,
            "[Loudi UM] Objection accepted, ref 260302-8C1F0A4BE27D: the record for 湘K12345 is cancelled and does not count. Your first-offence waiver is unaffected. Queries 12345.",
        ),
        (
            NoticeKind::ObjectionRejected,
            3,
            "[Loudi UM] Objection not accepted, ref 260302-8C1F0A4BE27D: the outcome for 湘K12345 stands. Please respond by 31 Mar 2026. Decisions may be taken to administrative reconsideration. Queries 12345.",
        ),
    ] {
        let message = texts.render(kind, None, &params, Lang::En);
        assert_eq!(message.text, text, "{kind:?}");
        assert_eq!(
            segments(&message.text, Route::DomesticChina),
            parts,
            "{kind:?}: {}",
            text.chars().count()
        );
        let latin = texts
            .render(
                kind,
                None,
                &Params {
                    plate: "ABC1234-NY",
                    ..params
                },
                Lang::En,
            )
            .text;
        assert!(
            segments(&latin, Route::International) <= 2,
            "{kind:?}: one foreign character makes UCS-2 of all: {latin}"
        );
    }
}

#[test]
fn what_is_called_first_depends_on_the_window() {
    use WindowWords as W;
    let fine = fine();
    for (window, zh, en) in [
        (W::CalendarYear, "，为本年度首次，", ", first this year:"),
        (W::CalendarMonth, "，为本月首次，", ", first this month:"),
        (W::SameDay, "，为当日首次，", ", first that day:"),
        (W::FiscalYear, "，为本财政年度首次，", ", first this fiscal year:"),
        (
            W::RollingHours(24),
            "，为近24小时内首次，",
            ", first in 24 hours:",
        ),
        (W::RollingDays(365), "，为近365天内首次，", ", first in 365 days:"),
        (W::RollingMonths(1), "，为近1个月内首次，", ", first in 1 month:"),
        (
            W::RollingMonths(12),
            "，为近12个月内首次，",
            ", first in 12 months:",
        ),
        (
            W::SincePolicy,
            "，为本规定施行以来首次，",
            ", first since the rule took effect:",
        ),
        (W::Lifetime, "，为历来首次，", ", first on record:"),
    ] {
        let params = Params {
            window: Some(window),
            ..typical(&fine)
        };
        for (lang, part) in [(Lang::Zh, zh), (Lang::En, en)] {
            let text = signed().render(NoticeKind::Waived, None, &params, lang).text;
            assert!(text.contains(part), "{text}");
        }
    }
}

#[test]
fn nothing_is_called_first_that_is_not() {
    let fine = fine();
    let second = Params {
        ordinal: Some(2),
        ..typical(&fine)
    };
    let text = signed().render(NoticeKind::Waived, None, &second, Lang::Zh).text;
    assert!(
        text.contains("为本年度第2次，依法不予处罚") && !text.contains("首次"),
        "{text}"
    );
    let unknown = Params {
        ordinal: None,
        ..typical(&fine)
    };
    let text = signed().render(NoticeKind::Waived, None, &unknown, Lang::Zh).text;
    assert!(!text.contains("首次") && !text.contains('第'), "{text}");
}

#[test]
fn an_unreviewed_record_is_a_suspicion() {
    let fine = fine();
    let params = Params {
        reviewed: false,
        ..typical(&fine)
    };
    for kind in [
        NoticeKind::Waived,
        NoticeKind::Warned,
        NoticeKind::PenaltyProposed,
    ] {
        let zh = signed().render(kind, None, &params, Lang::Zh).text;
        let en = signed().render(kind, None, &params, Lang::En).text;
        assert!(zh.contains("涉嫌违法停车") && !zh.contains("经核"), "{zh}");
        assert!(
            en.contains("suspected sidewalk parking") && !en.contains("confirmed"),
            "{en}"
        );
    }
}

#[test]
fn a_waiver_is_promised_only_where_it_is_unaffected() {
    let fine = fine();
    for kind in [NoticeKind::ObjectionUpheld, NoticeKind::Withdrawn] {
        for lang in [Lang::Zh, Lang::En] {
            let text = |restored| {
                signed()
                    .render(
                        kind,
                        None,
                        &Params {
                            restored,
                            ..typical(&fine)
                        },
                        lang,
                    )
                    .text
            };
            assert!(text(true).contains("免罚机会") || text(true).contains("waiver"));
            assert!(!text(false).contains("免罚") && !text(false).contains("waiver"));
        }
    }
}

#[test]
fn a_case_that_has_nothing_but_a_plate_still_makes_a_sentence() {
    let texts = signed();
    for (kind, text) in [
        (
            NoticeKind::Waived,
            "【娄底城管】您的湘K12345，涉嫌违法停车，依法不予处罚，再次违停将依法处理。查询或异议请拨12345。",
        ),
        (
            NoticeKind::Warned,
            "【娄底城管】湘K12345，涉嫌违法停车，给予警告，不罚款。陈述申辩请拨12345。",
        ),
        (
            NoticeKind::Reminded,
            "【娄底城管】湘K12345停在人行道。咨询12345。",
        ),
        (
            NoticeKind::PenaltyProposed,
            "【娄底城管】湘K12345，涉嫌违法停车，拟予处罚。可陈述申辩。咨询12345。",
        ),
        (
            NoticeKind::Withdrawn,
            "【娄底城管】此前关于湘K12345停车的通知已撤回，您无需处理。咨询12345。",
        ),
        (
            NoticeKind::ObjectionUpheld,
            "【娄底城管】申辩经复核成立，湘K12345该次违停记录已撤销，不计入次数。咨询12345。",
        ),
        (
            NoticeKind::ObjectionRejected,
            "【娄底城管】申辩经复核不成立，湘K12345的处理意见不变。咨询12345。",
        ),
    ] {
        let params = Params {
            plate: "湘K12345",
            ..Params::default()
        };
        assert_eq!(texts.render(kind, None, &params, Lang::Zh).text, text);
    }
}

#[test]
fn money_days_and_times_are_written_as_people_write_them() {
    let text = |minor, currency: &str, lang| {
        words::money(
            &Fine {
                minor,
                currency: currency.into(),
            },
            lang,
        )
    };
    assert_eq!(text(10_000, "CNY", Lang::Zh), "100元");
    assert_eq!(text(10_050, "CNY", Lang::Zh), "100.50元");
    assert_eq!(text(5, "CNY", Lang::En), "CNY 0.05");
    assert_eq!(text(11_500, "USD", Lang::Zh), "USD 115");
    assert_eq!(text(15_000, "JPY", Lang::En), "JPY 15000");
    assert_eq!(text(1_250, "KWD", Lang::En), "KWD 1.250");
    assert_eq!(
        words::minute(date(2026, 3, 2).at(9, 5, 59, 0), Lang::Zh),
        "2026年3月2日9时5分"
    );
    assert_eq!(
        words::minute(date(2026, 3, 2).at(9, 5, 59, 0), Lang::En),
        "2 Mar 2026 09:05"
    );
    let day = Params {
        plate: "A",
        time: Some(When::Day(date(2026, 3, 2))),
        ..Params::default()
    };
    assert_eq!(
        Template::parse("{time}")
            .expect("parses")
            .render(&day, Lang::Zh)
            .as_deref(),
        Ok("2026年3月2日")
    );
}

#[test]
fn a_time_to_leave_names_the_day_unless_the_message_does() {
    let until = Some(date(2026, 3, 3).at(0, 5, 0, 0));
    let template = Template::parse("{until}").expect("parses");
    let late = When::Minute(date(2026, 3, 2).at(23, 55, 0, 0));
    for time in [None, Some(late), Some(When::Day(date(2026, 3, 3)))] {
        let params = Params {
            time,
            until,
            ..Params::default()
        };
        assert_eq!(template.render(&params, Lang::Zh).as_deref(), Ok("3月3日0时5分"));
        assert_eq!(template.render(&params, Lang::En).as_deref(), Ok("3 Mar 00:05"));
    }
}

#[test]
fn long_places_keep_road_and_number() {
    for (name, zh) in [
        ("乐坪大道与长青街口东侧", "乐坪大道与长青街口东侧"),
        (
            "湖南省娄底市娄星区乐坪大道与长青街口东侧五十米",
            "乐坪大道与长青街口东侧五十米",
        ),
        (
            "乐坪大道与长青街交叉口东南侧（农业银行门前停车位旁）",
            "乐坪大道与长青街交叉口东南侧",
        ),
        (
            "湖南省娄底市娄星区乐坪街道长青中街与氐星路交叉口东南角农业银行门前人行道",
            "乐坪街道长青中街与氐星路交叉口",
        ),
        (
            "一二三四五六七八九十一二三四五六七八九十一二三四五",
            "一二三四五六七八九十一二三四五六七八九十",
        ),
        ("【假冒】城管", "假冒城管"),
        ("东侧\n第二行", "东侧 第二行"),
        ("见 http://x.example", ""),
        ("见 ht[tp]:·//x.example", ""),
        (" ", ""),
    ] {
        assert_eq!(fit_place(name, Lang::Zh), zh);
    }
    assert_eq!(
        fit_place(
            "Corner of North Leping Avenue and Changqing Middle Street, in front of the bank",
            Lang::En
        ),
        "Corner of North Leping Avenue and"
    );
}

#[test]
fn a_sidewalk_is_not_named_twice() {
    let params = Params {
        plate: "湘K12345",
        place: Some("长青街人行道"),
        ..Params::default()
    };
    let text = Texts::built_in()
        .render(NoticeKind::Reminded, None, &params, Lang::Zh)
        .text;
    assert_eq!(text, "湘K12345停在长青街人行道。咨询12345。");
}

#[test]
fn a_city_replaces_texts_by_id() {
    let (mut texts, fine) = (signed(), fine());
    texts.put("A1", Lang::Zh, "${plate}首违免罚。").expect("parses");
    texts
        .put("X9", Lang::Zh, "【某某城管】{plate}于{until}前驶离。")
        .expect("parses");
    let message = texts.render(NoticeKind::Waived, Some("A1"), &typical(&fine), Lang::Zh);
    assert_eq!(
        (&*message.template, &*message.text),
        ("A1", "【娄底城管】湘K12345首违免罚。")
    );
    assert_eq!(message.params, [("plate", "湘K12345".to_owned())]);
    let message = texts.render(NoticeKind::Reminded, Some("X9"), &typical(&fine), Lang::Zh);
    assert_eq!(
        message.text, "【某某城管】湘K12345于10时15分前驶离。",
        "its own signature stands"
    );
    let no_until = Params {
        until: None,
        ..typical(&fine)
    };
    let message = texts.render(NoticeKind::Reminded, Some("X9"), &no_until, Lang::Zh);
    assert_eq!(&*message.template, "C1", "what it needs is missing");
    assert_eq!(
        &*texts
            .render(NoticeKind::Waived, Some("nobody's"), &no_until, Lang::Zh)
            .template,
        "A1"
    );
    assert!(texts.contains("X9") && texts.contains("D2") && !texts.contains("nobody's"));
    assert!(
        texts
            .render(NoticeKind::Waived, Some("A1"), &typical(&fine), Lang::En)
            .text
            .contains("no penalty")
    );
}

#[test]
fn the_public_number_is_a_setting_and_never_a_mobile_number() {
    let mut texts = Texts::built_in();
    for number in ["13800000000", "1234567890123", "12", "call us", ""] {
        assert!(texts.set_hotline(number).is_err(), "{number}");
    }
    texts.set_hotline("0738-8312345").expect("a landline");
    let params = Params {
        plate: "湘K12345",
        ..Params::default()
    };
    assert!(
        texts
            .render(NoticeKind::Reminded, None, &params, Lang::Zh)
            .text
            .ends_with("咨询0738-8312345。")
    );
}

#[test]
fn errors_in_templates_name_the_place_and_the_parameter() {
    for (text, error) in [
        ("", "the template is empty"),
        (
            "您的{plat}",
            "character 3: `{plat}` is no parameter; known are: plate case place time seen window nth fine penalty basis deadline until promise restored finding hotline",
        ),
        ("您的{plate", "character 3: `{` has no counterpart"),
        ("您的plate}", "character 8: `}` has no counterpart"),
        ("[于{time}", "character 1: `[` has no counterpart"),
        ("[[{time}]]", "character 2: `[` has no counterpart"),
        ("x]", "character 2: `]` has no counterpart"),
        (
            "{plate}[。]",
            "character 8: the clause in `[ ]` names no parameter, so that it would always stand; leave out the brackets",
        ),
        (
            "{plate}【娄底城管】",
            "`【` and `】` may only enclose a signature of 2 to 12 characters in front",
        ),
        (
            "【娄】{plate}",
            "`【` and `】` may only enclose a signature of 2 to 12 characters in front",
        ),
        ("{plate}\n。", "character 8: '\\n' may not stand in a message"),
        ("{plate}→", "character 8: '→' may not stand in a message"),
        (
            "{plate} https://example.org",
            "a message carries no links: they are how fraud looks",
        ),
    ] {
        assert_eq!(Template::parse(text).expect_err(text).to_string(), error);
    }
    assert_eq!(
        Template::parse(&"字".repeat(501)),
        Err(TemplateError::TooLong { chars: 501 })
    );
    let missing = Template::parse("{fine}")
        .expect("parses")
        .render(&Params::default(), Lang::Zh);
    assert_eq!(missing, Err(Missing(Param::Fine)));
    let needed = Template::parse("{fine}[{time}]{plate}").expect("parses");
    assert_eq!(needed.required().collect::<Vec<_>>(), [Param::Fine, Param::Plate]);
}

#[test]
fn built_in_texts_keep_the_rules_of_providers() {
    let mut ids = Vec::new();
    for (kind, word) in NoticeKind::ALL {
        ids.push(Texts::id_of(kind));
        for lang in [Lang::Zh, Lang::En] {
            let source = Texts::source_of(kind, lang);
            let flat: String = source.chars().filter(|char| !matches!(char, '[' | ']')).collect();
            assert!(
                !flat.contains("}{"),
                "{word}: variables are never adjacent: {source}"
            );
            for (_, name) in Param::ALL {
                assert!(
                    source.matches(&format!("{{{name}}}")).count() <= 1,
                    "{word}: {name} once: {source}"
                );
            }
            let template = Template::parse(source).expect(word);
            assert!(template.required().all(|param| {
                matches!(
                    param,
                    Param::Plate | Param::Finding | Param::Penalty | Param::Hotline
                )
            }));
        }
    }
    assert_eq!(
        ids,
        ["A1", "A2", "C1", "B1", "D3", "D1", "D2"],
        "in the order of the kinds"
    );
}

#[test]
fn mainland_parts_count_every_character() {
    for (len, parts) in [
        (0, 0),
        (1, 1),
        (70, 1),
        (71, 2),
        (134, 2),
        (135, 3),
        (201, 3),
        (202, 4),
    ] {
        assert_eq!(segments(&"字".repeat(len), Route::DomesticChina), parts, "{len}");
        assert_eq!(
            segments(&"x".repeat(len), Route::DomesticChina),
            parts,
            "{len}: letters count as much"
        );
    }
    assert_eq!(segments(&"x".repeat(160), Route::DomesticChina), 3);
}

#[test]
fn international_parts_depend_on_the_alphabet() {
    for (text, parts) in [
        ("x".repeat(160), 1),
        ("x".repeat(161), 2),
        ("x".repeat(306), 2),
        ("x".repeat(307), 3),
        ("€".repeat(80), 1),
        ("€".repeat(81), 2),
        // 76 pairs fit into 153 septets; the 77th may not be split.
        ("€".repeat(152), 2),
        ("€".repeat(153), 3),
        ("é@£_".repeat(40), 1),
        ("x".repeat(69) + "字", 1),
        ("x".repeat(70) + "字", 2),
        ("x".repeat(70) + "`", 2),
        ("x".repeat(70) + "“", 2),
        ("x".repeat(133) + "字", 2),
        ("x".repeat(134) + "字", 3),
        // 33 pairs fit into 67 units.
        ("😀".repeat(35), 1),
        ("😀".repeat(66), 2),
        ("😀".repeat(67), 3),
    ] {
        assert_eq!(segments(&text, Route::International), parts, "{text}");
    }
}

proptest! {
    #[test]
    fn no_value_can_break_a_message(
        plate in "[湘A-Z0-9]{1,8}|\\PC{0,12}",
        place in ".{0,60}|[【】\\[\\]{}·→a-z路街号人行道\n]{0,60}|\\PC{0,80}",
        case in ".{0,20}",
        basis in ".{0,30}",
        ordinal in any::<Option<u32>>(),
        flags in any::<(bool, bool)>(),
    ) {
        let (texts, fine) = (signed(), fine());
        let params = Params {
            plate: &plate,
            place: Some(&place),
            case: Some(&case),
            basis: Some(&basis),
            ordinal,
            restored: flags.0,
            reviewed: flags.1,
            ..typical(&fine)
        };
        for (kind, _) in NoticeKind::ALL {
            for (lang, sign) in [(Lang::Zh, "【娄底城管】"), (Lang::En, "[Loudi UM] ")] {
                let text = texts.render(kind, None, &params, lang).text;
                let body = text.strip_prefix(sign).expect("signed");
                prop_assert!(!body.contains(['【', '】', '[', ']', '{', '}']), "{body}");
                prop_assert!(!body.chars().any(char::is_control), "{body:?}");
                prop_assert!(!body.to_ascii_lowercase().contains("http"), "{body}");
            }
        }
    }

    #[test]
    fn places_fit_and_invent_nothing(name in ".{0,80}|[乐坪大道省市区县（）()路号东侧 ]{0,60}") {
        for (lang, room) in [(Lang::Zh, 20), (Lang::En, 40)] {
            let short = fit_place(&name, lang);
            prop_assert!(short.chars().count() <= room);
            prop_assert!(short.chars().all(|char| char == ' ' || name.contains(char)));
            prop_assert_eq!(fit_place(&short, lang), short);
        }
    }

    #[test]
    fn any_template_is_read_or_refused(text in "\\PC{0,60}|([\\[\\]{}$【】]|plate|time|。){0,12}") {
        if let Ok(template) = Template::parse(&text) {
            let params = Params { plate: "湘K12345", ..Params::default() };
            drop(template.render(&params, Lang::Zh));
            prop_assert!(template.required().count() <= text.len());
        }
    }

    #[test]
    fn more_text_never_costs_less(text in "[a-z€字😀`]{0,200}", more in "[a-z€字😀`]{0,20}") {
        let both = text.clone() + &more;
        for route in [Route::DomesticChina, Route::International] {
            prop_assert!(segments(&text, route) <= segments(&both, route));
        }
    }
}
