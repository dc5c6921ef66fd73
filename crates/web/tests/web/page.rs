//! The page for operators.

use axum::http::header;
use engine::notice::NoticeState;
use formats::case_line::Because;
use ports::read::StoredCase;

use crate::scene::{HOSTILE, PHONE, Scene, case, empty, line, scene};

async fn page(scene: &Scene, lang: &str) -> String {
    let answer = scene.get(&format!("/?lang={lang}")).await;
    assert_eq!(answer.status.as_u16(), 200);
    assert_eq!(answer.header(header::CONTENT_TYPE), "text/html; charset=utf-8");
    answer.text
}

/// Total and parts of each stage, as a reader sees them.
fn stages(page: &str) -> Vec<(u64, Vec<u64>)> {
    let number = |text: &str| {
        text.split('<')
            .next()
            .unwrap()
            .replace('\u{202f}', "")
            .parse::<u64>()
            .unwrap()
    };
    page.split("<article class=\"stage\">")
        .skip(1)
        .map(|stage| {
            let stage = stage.split("</article>").next().unwrap();
            let total = number(stage.split("class=\"total figure\">").nth(1).unwrap());
            let parts = stage
                .split("<span class=\"figure\">")
                .skip(1)
                .map(number)
                .collect();
            (total, parts)
        })
        .collect()
}

#[tokio::test]
async fn the_page_speaks_chinese_and_english_with_a_switch_between_them() {
    let scene = scene();
    let zh = page(&scene, "zh").await;
    assert!(zh.contains(r#"<html lang="zh-CN">"#));
    for words in [
        "最新案件",
        "首违不予处罚",
        "260302-C的理由。",
        "合计相符",
        "手机号已脱敏",
        r#"href="/?lang=en""#,
    ] {
        assert!(zh.contains(words), "{words}");
    }
    let en = page(&scene, "en").await;
    assert!(en.contains(r#"<html lang="en">"#));
    for words in [
        "Latest cases",
        "Waived",
        "Why 260302-C.",
        "Adds up",
        "Phone numbers are masked",
        r#"href="/?lang=zh""#,
    ] {
        assert!(en.contains(words), "{words}");
    }
    assert!(!en.contains("的理由"), "the explanation is in one language");
    let by_browser = scene
        .get_with("/", &[(header::ACCEPT_LANGUAGE, "en-US,zh;q=0.5")])
        .await;
    assert!(by_browser.text.contains("Latest cases"));
    assert_eq!(by_browser.header(header::VARY), "accept-language");
}

#[tokio::test]
async fn the_counts_on_the_page_add_up_stage_by_stage() {
    let page = page(&scene(), "en").await;
    let stages = stages(&page);
    let totals: Vec<u64> = stages.iter().map(|(total, _)| *total).collect();
    assert_eq!(totals, [15, 12, 5, 3, 3]);
    for (total, parts) in &stages {
        assert_eq!(*total, parts.iter().sum::<u64>(), "{parts:?}");
    }
    assert!(page.contains("1\u{202f}234\u{202f}567"), "plates on file");
}

#[tokio::test]
async fn plates_stand_on_the_page_and_phones_do_not() {
    let page = page(&scene(), "zh").await;
    assert!(page.contains(r#"<span class="plate blue">湘K12345</span>"#));
    assert!(page.contains(r#"<span class="plate green">京AD12345</span>"#));
    assert!(page.contains("+86138****5678"));
    assert!(!page.contains(PHONE) && !page.contains("1234567"));
    assert!(page.contains("as it would be sent") && page.contains("拟发送内容"));
}

#[tokio::test]
async fn nothing_that_others_wrote_becomes_markup() {
    let scene = scene();
    let mut hostile = line(HOSTILE, HOSTILE, HOSTILE);
    hostile.place = Some(HOSTILE.to_owned());
    hostile.from = HOSTILE.to_owned();
    hostile.because = Because {
        zh: HOSTILE.to_owned(),
        en: HOSTILE.to_owned(),
    };
    let stored = StoredCase {
        body: serde_json::to_vec(&hostile).unwrap().into(),
        ..case(9, HOSTILE, 1, "X/02", "held")
    };
    scene.store.cases.lock().unwrap().push(stored);
    {
        let mut notices = scene.store.notices.lock().unwrap();
        notices[0].text = Some(HOSTILE.to_owned());
        notices[0].reason = Some(HOSTILE.into());
    }
    scene
        .post("/v1/sms/pause", r#"{"reason":"<script>alert(1)</script>"}"#)
        .await
        .json();
    for lang in ["zh", "en"] {
        let page = page(&scene, lang).await;
        assert!(!page.contains("<script>") && !page.contains("<img"), "{page}");
        assert!(page.contains("&lt;script&gt;alert('x')"), "it is shown as text");
        assert_eq!(page.matches("<script").count(), 1, "the page's own");
    }
}

#[tokio::test]
async fn the_page_has_nothing_inline_and_nothing_from_elsewhere() {
    let scene = scene();
    let text = page(&scene, "zh").await;
    for forbidden in [
        " style=",
        "<style",
        "javascript:",
        " onclick",
        " onload",
        "http://",
        "https://",
        "//cdn",
    ] {
        assert!(!text.contains(forbidden), "{forbidden}");
    }
    for (address, kind) in [
        ("/assets/app.js", "text/javascript"),
        ("/assets/app.css", "text/css"),
    ] {
        assert!(text.contains(address));
        let asset = scene.get(address).await;
        assert!(asset.header(header::CONTENT_TYPE).starts_with(kind));
        assert!(!asset.text.contains("http:") && !asset.text.contains("https:"));
        let tag = asset.header(header::ETAG).to_owned();
        assert_eq!(
            scene
                .get_with(address, &[(header::IF_NONE_MATCH, &tag)])
                .await
                .status
                .as_u16(),
            304
        );
    }
}

#[tokio::test]
async fn tables_say_what_their_columns_are() {
    let page = page(&scene(), "en").await;
    assert_eq!(page.matches("<caption>").count(), 2);
    assert_eq!(page.matches("<th scope=\"col\"").count(), 12);
    assert_eq!(page.matches("<table").count(), page.matches("<thead").count());
    assert!(page.contains(r##"<a class="skip" href="#main">"##));
}

#[tokio::test]
async fn an_empty_service_says_how_to_begin() {
    let scene = empty();
    assert!(page(&scene, "zh").await.contains("还没有案件。"));
    let en = page(&scene, "en").await;
    assert!(en.contains("No messages yet.") && en.contains("clearwalk import"));
}

#[tokio::test]
async fn the_page_says_when_the_store_cannot_be_read() {
    let scene = scene();
    *scene.store.is_down.lock().unwrap() = true;
    let answer = scene.get("/?lang=en").await;
    assert_eq!(answer.status.as_u16(), 503);
    assert!(
        answer.text.contains("The data cannot be read at the moment")
            && answer.text.contains("the disk is away")
    );
}

#[tokio::test]
async fn the_latest_twenty_are_shown() {
    let scene = scene();
    {
        let mut cases = scene.store.cases.lock().unwrap();
        cases.extend(
            (100..130).map(|sequence| case(sequence, &format!("x-{sequence}"), 1, "湘K1/02", "waived")),
        );
        let mut notices = scene.store.notices.lock().unwrap();
        let more: Vec<_> = (100..130)
            .map(|sequence| {
                let kind = engine::fact::NoticeKind::Waived;
                crate::scene::notice(sequence, "x", kind, NoticeState::Accepted, Some("t"))
            })
            .collect();
        notices.extend(more);
    }
    let page = page(&scene, "en").await;
    assert!(
        page.contains("/v1/cases/x-129")
            && page.contains("/v1/cases/x-110")
            && !page.contains("/v1/cases/x-109")
    );
    assert_eq!(page.matches("<q class=\"sms\">").count(), 20);
}
