//! The texts of an installation: the built-in ones, replaced by id where the city has its own.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Lang;
use super::params::Params;
use super::template::{Template, TemplateError, is_sign};
use crate::fact::NoticeKind;

/// A message ready to be counted, queued and sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Id of the template that it was made from.
    pub template: Arc<str>,
    /// The whole text, signature included.
    pub text: String,
    /// Names and values of the parameters, for providers that keep the text themselves.
    pub params: Vec<(&'static str, String)>,
}

/// One built-in text.
struct BuiltIn {
    id: &'static str,
    zh: &'static str,
    en: &'static str,
}

/// In the order of [`NoticeKind::ALL`]. Everything that a case may lack stands in a clause, so that each of them can always be written out.
const BUILT_IN: [BuiltIn; 7] = [
    BuiltIn {
        id: "A1",
        zh: "您的{plate}[于{time}][停放在{place}]，{finding}违法停车[，为{nth}]，依法不予处罚，再次违停将依法处理。\
             [编号{case}，]查询或异议请拨{hotline}。",
        en: "{plate}: {finding} sidewalk parking[ at {place}][ on {time}][, {nth}]: no penalty. A repeat will be \
             penalised.[ Ref {case}.] Queries {hotline}.",
    },
    BuiltIn {
        id: "A2",
        zh: "{plate}[于{time}][停在{place}]，{finding}违法停车[，为{nth}][，依据{basis}]，给予警告，不罚款。\
             [编号{case}，]陈述申辩请拨{hotline}。",
        en: "{plate}: {finding} sidewalk parking[ at {place}][ on {time}][, {nth}][ ({basis})]: formal warning, no \
             fine. You may object.[ Ref {case}.] Queries {hotline}.",
    },
    BuiltIn {
        id: "C1",
        zh: "{plate}[于{seen}]停在[{place}]人行道[，请于{until}前驶离][，{promise}]。咨询{hotline}。",
        en: "{plate} stands on the sidewalk[ at {place}][, seen {seen}].[ Please move it by {until}.][ {promise}.] \
             Queries {hotline}.",
    },
    BuiltIn {
        id: "B1",
        zh: "{plate}[于{time}][停在{place}]，{finding}违法停车[，依据{basis}]，{penalty}。\
             可陈述申辩[，请于{deadline}前处理]。[编号{case}，]咨询{hotline}。",
        en: "{plate}: {finding} sidewalk parking[ at {place}][ on {time}][ ({basis})]: {penalty}. You may state your \
             defence.[ Respond by {deadline}.][ Ref {case}.] Queries {hotline}.",
    },
    BuiltIn {
        id: "D3",
        zh: "[编号{case}：]此前关于{plate}[于{time}]停车的通知已撤回，您无需处理[，{restored}]。咨询{hotline}。",
        en: "Our message about {plate}[ on {time}][, ref {case},] is withdrawn. You need do nothing.[ {restored}.] \
             Queries {hotline}.",
    },
    BuiltIn {
        id: "D1",
        zh: "[编号{case}的]申辩经复核成立，{plate}该次违停记录已撤销，不计入次数[，{restored}]。咨询{hotline}。",
        en: "Objection accepted[, ref {case}]: the record for {plate} is cancelled and does not count.[ {restored}.] \
             Queries {hotline}.",
    },
    BuiltIn {
        id: "D2",
        zh: "[编号{case}的]申辩经复核不成立，{plate}的处理意见不变[，请于{deadline}前接受处理。\
             对处罚决定不服可依法申请行政复议]。咨询{hotline}。",
        en: "Objection not accepted[, ref {case}]: the outcome for {plate} stands.[ Please respond by {deadline}. \
             Decisions may be taken to administrative reconsideration.] Queries {hotline}.",
    },
];

/// All texts of an installation. Built once, then only read.
#[derive(Clone, Debug)]
pub struct Texts {
    /// By kind and language.
    built_in: [[Template; 2]; BUILT_IN.len()],
    own: BTreeMap<(Arc<str>, Lang), Template>,
    signs: BTreeMap<Lang, Arc<str>>,
    hotline: Arc<str>,
}

impl Texts {
    /// The built-in texts, unsigned.
    pub fn built_in() -> Self {
        let parse = |text: &str| Template::parse(text).expect("the built-in texts are constant and tested");
        Self {
            built_in: BUILT_IN.map(|it| [parse(it.zh), parse(it.en)]),
            own: BTreeMap::new(),
            signs: BTreeMap::new(),
            hotline: "12345".into(),
        }
    }

    /// The id of the built-in text of a kind.
    pub fn id_of(kind: NoticeKind) -> &'static str {
        BUILT_IN[kind as usize].id
    }

    /// The source of the built-in text of a kind, to start one's own from.
    pub fn source_of(kind: NoticeKind, lang: Lang) -> &'static str {
        let text = &BUILT_IN[kind as usize];
        if lang == Lang::Zh { text.zh } else { text.en }
    }

    /// Adds a text under an id, or replaces the one that stands there; ids of built-in texts may be replaced.
    pub fn put(&mut self, id: &str, lang: Lang, text: &str) -> Result<(), TemplateError> {
        self.own.insert((id.into(), lang), Template::parse(text)?);
        Ok(())
    }

    /// Sets the signature in front of texts that bring none: `【娄底城管】`, in English `[Loudi UM] `.
    pub fn set_sign(&mut self, lang: Lang, sign: &str) -> Result<(), TemplateError> {
        if !is_sign(sign) {
            return Err(TemplateError::Sign);
        }
        self.signs.insert(lang, sign.into());
        Ok(())
    }

    /// Sets the public number that the texts name; none may be a mobile number.
    pub fn set_hotline(&mut self, number: &str) -> Result<(), TemplateError> {
        let digits: Vec<u8> = number.bytes().filter(|byte| *byte != b'-').collect();
        let mobile = digits.len() == 11 && digits.starts_with(b"1");
        if !(3..=12).contains(&digits.len()) || !digits.iter().all(u8::is_ascii_digit) || mobile {
            return Err(TemplateError::Hotline {
                number: number.to_owned(),
            });
        }
        self.hotline = number.into();
        Ok(())
    }

    /// Whether a policy may name this id.
    pub fn contains(&self, id: &str) -> bool {
        BUILT_IN.iter().any(|it| it.id == id) || self.own.keys().any(|(own, _)| &**own == id)
    }

    /// Writes a message. The text is the one under `id`, else the one under the id of the kind, the city's own before
    /// the built-in one; a text that needs what the case does not have gives way to the next.
    pub fn render(&self, kind: NoticeKind, id: Option<&str>, params: &Params<'_>, lang: Lang) -> Message {
        let params = Params {
            hotline: params.hotline.or(Some(&self.hotline)),
            ..*params
        };
        let standard = Self::id_of(kind);
        for id in id.into_iter().chain([standard]) {
            let own = self.own.get(&(Arc::from(id), lang));
            if let Some(template) = own.or_else(|| self.built_in_under(id, lang))
                && let Ok(text) = template.render(&params, lang)
            {
                return self.message(id, template, text, &params, lang);
            }
        }
        let template = &self.built_in[kind as usize][lang as usize];
        self.message(
            standard,
            template,
            template.render_known(&params, lang),
            &params,
            lang,
        )
    }

    fn built_in_under(&self, id: &str, lang: Lang) -> Option<&Template> {
        let (_, texts) = BUILT_IN.iter().zip(&self.built_in).find(|(it, _)| it.id == id)?;
        texts.get(lang as usize)
    }

    fn message(
        &self,
        id: &str,
        template: &Template,
        text: String,
        params: &Params<'_>,
        lang: Lang,
    ) -> Message {
        let sign = if template.is_signed() {
            None
        } else {
            self.signs.get(&lang)
        };
        let text = match (sign, lang) {
            (Some(sign), Lang::Zh) => format!("【{sign}】{text}"),
            (Some(sign), Lang::En) => format!("[{sign}] {text}"),
            (None, _) => text,
        };
        Message {
            template: id.into(),
            text,
            params: template.values(params, lang),
        }
    }
}

impl Default for Texts {
    fn default() -> Self {
        Self::built_in()
    }
}
