//! Tables and settings: files to import, the registry, tokens, keys, the configuration, plans of the test gateway.

use std::ffi::OsString;
use std::io::{Cursor, Write as _};
use std::path::Path;

use engine::plate::Grammar;
use formats::event::{self, Known};
use formats::mapping::{Mapping, Options, Reader, Row};
use registry::file::FileRegistry;
use web::Tokens;
use world::gateway::{Format, Plan};

use super::records::{check_keys, key_file};
use super::{same, tells_nothing, text, texts};
use crate::run::{Check, Target};

/// A mapping, and files that it reads.
const TABLES: [(&str, &[&str]); 7] = [
    (
        include_str!("../../../../deploy/mappings/clearwalk.toml"),
        &["source,id,plate,class,captured_at,zone,device,code\n\
           /d,7f3a,湘K12345,02,2026-03-02T10:00:05+08:00,Z1,LD-0132,1039\r\n\
           /d,7f3b,\"湘K\"\"12345\",,2026-03-02T10:00:05.123Z,,LD-0132,\n"],
    ),
    (
        include_str!("../../../../deploy/mappings/philadelphia-2013.toml"),
        &[
            "2013-04-03T15:15:00Z,76,SIDEWALK   CC,1322731,PA,2905938,\n2013-03-10T02:30:00Z,1,SIDEWALK,1,PA,2,3\n",
        ],
    ),
    (
        include_str!("../../../../deploy/mappings/new-york-api.toml"),
        &[
            r#"[{"summons_number":"1","violation":"SIDEWALK","plate":"ABC","state":"NY","issue_date":"01/02/2026","violation_time":"0752A","precinct":"9"},
           {"summons_number":2,"violation":"SIDEWALK","plate":null,"state":["NY"],"issue_date":"13/02/2026","violation_time":"1215P"}]"#,
        ],
    ),
    (
        include_str!("../../../../deploy/mappings/mta.toml"),
        &[
            "violation_id,vehicle_id,first_occurrence,stop_id,stop_name,violation_longitude,violation_latitude,bus_route_id,violation_type\n\
           1,abc,01/02/2026 07:52:00 AM,S,\"a, b\",-73.9,40.7,M15,MOBILE BUS STOP\n\
           2,abd,02/30/2026 00:00:00 PM,S,x,200,1e3,M15,X\n",
        ],
    ),
    (
        include_str!("../../../../deploy/mappings/philadelphia-unpaid.toml"),
        &["car_id,violation,year,month,day\n77,SIDEWALK,2013,4,3\n77,SIDEWALK,2013,2,30\n"],
    ),
    (
        "[read]\nformat = \"columns\"\n[fact]\nsource = { const = \"/c\" }\nid = { hash = true }\nplate = { column = \"p\" }\n\
         captured_at = { column = \"t\" }\nzone = { const = \"Z\" }\ndevice = { const = \"import\" }\nlon = { column = \"x\" }\nlat = { column = \"y\" }\n",
        &[
            r#"{"p":["A","B",null],"t":["2026-03-02T10:00:05+08:00","x","2026-03-02T10:00:05Z"],"x":[1,2.5,1e3],"y":["3",null,-91]}"#,
        ],
    ),
    (
        "[read]\nformat = \"jsonl\"\nencoding = \"gbk\"\n[fact]\nsource = { const = \"/g\" }\nid = { column = \"id\" }\nplate = { column = \"p\" }\n\
         captured_at = { column = \"t\", formats = [\"%Y-%m-%d %H:%M:%S\", \"%Y-%m-%d\"], zone = \"Asia/Shanghai\" }\nzone = { const = \"Z\" }\ndevice = { const = \"import\" }\n",
        &[
            "{\"id\":\"1\",\"p\":\"A1\",\"t\":\"2026-03-02 10:00:05\"}\n{\"id\":\"2\",\"p\":\"B1\",\"t\":\"1986-05-04\"}\n",
        ],
    ),
];

const ROW_WORDS: &[&str] = &[
    ",",
    "\"",
    "\"\"",
    "\n",
    "\r",
    "\r\n",
    ";",
    "\t",
    "湘K12345",
    "2026-03-02T10:00:05+08:00",
    "02/29/2025",
    "1260P",
    "0000A",
    "1299A",
    "{\"id\":",
    "null",
    "[",
    "]",
    "{",
    "}",
    "[[",
    "\"p\":[",
    "\u{1}",
    "-0.0",
    "1e400",
    "é",
];

const REGISTRY: &str = "plate,class,phone,name,owner_id,valid_from,valid_to\n\
    湘K12345,02,+8619900000001,张三,o-1,2000-01-01,\n湘K12345,02,+8619900000002,李四,o-2,2000-01-01,2020-01-01\n\
    京AD12345,-,+8619900000003,\"a \"\"b\"\", c\",o-3,,\n";

const PLAN: &str = "seed = 7\nslow_by = \"250ms\"\nretry_after = \"2s\"\nhang_limit = \"5m\"\n\
    rates = { slow = 0.05, error-after-taking = 0.1, huge-body = 0.01 }\nlook_up_rates = { error-before-taking = 0.5 }\n\
    messages = [{ to = \"0001\", nth = 3, fault = \"reset-after-taking\" }]\nlimits = { per_minute = 1, balance = 5 }\n\
    [receipts]\nto = \"http://127.0.0.1:1/receipts/p\"\nsecret = \"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\"\nrates = { twice = 0.1 }\nagain = [\"1s\", \"2s\"]\n";

const CONFIG: &str = "[store]\nurl = \"sqlite:clearwalk.db\"\n[stream]\nkind = \"embedded\"\n[web]\nlisten = \"127.0.0.1:8080\"\n\
    [rules]\npolicies = []\n[sms]\nroute = [\"primary\"]\nlease = \"30s\"\nresend = \"never\"\n[sms.providers.primary]\nkind = \"generic\"\n\
    url = \"http://127.0.0.1:9100/v1/messages\"\ndeadline = \"10s\"\nconcurrency = 8\nrate = 20\n[registry]\nkind = \"none\"\n\
    %%\nCLEARWALK__WEB__LISTEN=127.0.0.1:1\nCLEARWALK__SMS__PROVIDERS__PRIMARY__TOKEN=9900000001\nCLEARWALK__SMS__LEASE=1h\n";

const CONFIG_WORDS: &[&str] = &[
    "[sms]\n",
    "[sms.providers.x]\n",
    "[web]\n",
    "[stream]\n",
    "kind = \"log\"\n",
    "kind = \"kafka\"\n",
    "lease = \"0s\"\n",
    "lease = \"18446744073709551615h\"\n",
    "deadline = \"1ms\"\n",
    "rate = 0\n",
    "rate = 9223372036854775807\n",
    "url = \"sqlite:\"\n",
    "url = \"postgres://u:9900000001@h/d\"\n",
    "listen = \"[::]:99999\"\n",
    "%%\n",
    "CLEARWALK__",
    "__",
    "CLEARWALK__SMS__ROUTE=a,b\n",
    "CLEARWALK__SMS__PROVIDERS____URL=x\n",
    "CLEARWALK__É=1\n",
    "properties = { a = \"b\" }\n",
    "=",
    "\"",
    "[",
    "]",
    "{",
    "}",
    "\n",
];

fn target(
    name: &'static str,
    corpus: Vec<Vec<u8>>,
    words: &'static [&'static str],
    check: fn(&[u8]) -> Result<(), String>,
) -> Target {
    Target {
        name,
        corpus,
        words,
        longest: 4096,
        prepare: Box::new(move || Box::new(check)),
    }
}

pub(super) fn targets() -> Vec<Target> {
    let tokens = Tokens(vec![web::Token {
        name: "lin".into(),
        hash: [7; 32],
        scopes: vec![web::Scope::Read, web::Scope::Act],
        authority: Some("loudi".into()),
        made: "2026-03-02T10:00:05Z".to_owned(),
    }]);
    let file_words: &[&str] = &[
        "湘K12345",
        "+86",
        "-",
        "read,act",
        "cwt_",
        "#",
        " ",
        "\n",
        ",",
        "\"",
        "=",
        "AAAA",
        "\r",
    ];
    vec![
        Target {
            name: "rows",
            corpus: tables(),
            words: ROW_WORDS,
            longest: 4096,
            prepare: Box::new(check_rows),
        },
        target("registry", texts(&[REGISTRY]), file_words, check_registry),
        target(
            "tokens",
            vec![tokens.to_string().into_bytes()],
            file_words,
            check_tokens,
        ),
        target("keys", vec![key_file().into_bytes()], file_words, check_keys),
        target(
            "plan",
            texts(&[PLAN]),
            &[
                "slow",
                "hang-after-taking",
                "0.5",
                "nth = 0\n",
                "\"5m\"",
                "[[messages]]\n",
                "[receipts]\n",
                "{",
                "}",
                "\n",
            ],
            check_plan,
        ),
        target("config", texts(&[CONFIG]), CONFIG_WORDS, check_config),
    ]
}

/// The first byte says which mapping; some files are packed.
fn tables() -> Vec<Vec<u8>> {
    let mut corpus = Vec::new();
    for (number, (_, files)) in (0_u8..).zip(TABLES) {
        for file in files {
            let gbk = [&[number][..], file.as_bytes()].concat();
            corpus.push(gbk);
            let mut packer = flate2::write::GzEncoder::new(vec![number], flate2::Compression::fast());
            let packed = packer.write_all(file.as_bytes()).and_then(|()| packer.finish());
            corpus.extend(packed.ok());
            let packed = zstd::bulk::compress(file.as_bytes(), 1).ok();
            corpus.extend(packed.map(|packed| [&[number][..], &packed].concat()));
        }
    }
    corpus
}

/// Every row is counted once, and what is kept is an event that the door can read.
fn check_rows() -> Check {
    let mappings: Vec<Mapping> = TABLES
        .iter()
        .map(|(text, _)| Mapping::parse("map.toml", text).expect("the samples are right"))
        .collect();
    let now: jiff::Timestamp = "2026-11-27T00:00:00Z".parse().expect("a time");
    Box::new(move |input| {
        let (first, rest) = input.split_first().unwrap_or((&0, &[]));
        let mapping = &mappings[usize::from(*first) % mappings.len()];
        let file = Box::new(Cursor::new(rest.to_vec()));
        let Ok(mut reader) = Reader::new("rows", file, mapping, Options::at(now)) else {
            return Ok(());
        };
        let (mut seen, mut kept, mut event) = (0_u64, 0_u64, Vec::new());
        loop {
            match reader.next_row() {
                Ok(None) | Err(_) => break,
                Ok(Some(Row::Fact(fact))) => {
                    kept += 1;
                    event.clear();
                    fact.to_cloudevent_json(&mut event);
                    let read = event::decode(&event, Known::FromTime, 0);
                    read.map_err(|rejected| format!("a kept row is refused: {rejected:?}: {fact:?}"))?;
                }
                Ok(Some(Row::Quarantined { detail, .. })) => tells_nothing(&detail)?,
                Ok(Some(Row::Filtered)) => {}
            }
            seen += 1;
        }
        let counts = reader.counts();
        let quarantined: u64 = counts.quarantined.values().sum();
        let sums = counts.read == seen && counts.kept == kept && seen == kept + counts.filtered + quarantined;
        if sums {
            Ok(())
        } else {
            Err(format!("{seen} rows, {kept} kept, counted as {counts:?}"))
        }
    })
}

fn check_registry(input: &[u8]) -> Result<(), String> {
    for grammar in [Grammar::Cn, Grammar::Generic] {
        if let Err(error) = FileRegistry::read(Path::new("owners.csv"), input, grammar) {
            tells_nothing(&error)?;
        }
    }
    Ok(())
}

fn check_tokens(input: &[u8]) -> Result<(), String> {
    match Tokens::parse(&text(input)) {
        Err(error) => tells_nothing(&error),
        Ok(read) => same(
            "tokens",
            &read,
            Tokens::parse(&read.to_string()).map_err(|error| error.to_string()),
        ),
    }
}

fn check_plan(input: &[u8]) -> Result<(), String> {
    let text = text(input);
    let format = if text.trim_start().starts_with('{') {
        Format::Json
    } else {
        Format::Toml
    };
    let Ok(read) = Plan::parse(&text, format, "plan") else {
        return Ok(());
    };
    let written = serde_json::to_string(&read).map_err(|error| error.to_string())?;
    same(
        "plan",
        &read,
        Plan::parse(&written, Format::Json, "plan").map_err(|error| error.to_string()),
    )
}

/// A file, then `%%`, then the environment. Mistakes say where, and never show a secret.
fn check_config(input: &[u8]) -> Result<(), String> {
    let all = text(input);
    let (file, environment) = all.split_once("%%").unwrap_or((&all, ""));
    let variables: Vec<(OsString, OsString)> = environment
        .lines()
        .filter_map(|line| line.split_once('='))
        .map(|(name, value)| (name.into(), value.into()))
        .collect();
    let mistakes = clearwalk::mistakes_of_settings(Path::new("clearwalk.toml"), file, variables);
    match mistakes.iter().find(|mistake| mistake.trim().is_empty()) {
        Some(_) => Err("a mistake without words".to_owned()),
        None => Ok(()),
    }
}
