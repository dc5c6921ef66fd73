//! Chinese sentences.

use std::fmt::{self, Display as _};

use super::{ExcludedBy, days, minute, money, policy_name};
use crate::case::{Case, Outcome, Reason};
use crate::fact::{NoticeKind, VoidReason};
use crate::policy::WindowKind;
use crate::zone::ZoneKind;

pub(super) fn sentence(case: &Case) -> impl fmt::Display + '_ {
    fmt::from_fn(|f| {
        if let Some(reason) = case.reasons.first() {
            because(case, *reason).fmt(f)?;
        }
        if case.reasons.contains(&Reason::EarlierLapsed) {
            f.write_str("（此前一起逾期未审核，不计次）")?;
        }
        if let Some(version) = &case.trace.instead_of {
            write!(f, "（违法时适用版本{version}，现行版本更轻，从轻适用）")?;
        }
        write!(f, "：{}（{}）。", result(case), policy_name(case))
    })
}

fn result(case: &Case) -> impl fmt::Display + '_ {
    fmt::from_fn(|f| {
        f.write_str(outcome(case.outcome))?;
        if let Some(fine) = &case.fine {
            write!(f, "，罚款{}", money(fine))?;
        }
        if let Some(proposal) = case.proposal {
            write!(f, "，建议{}，待人工决定", outcome(proposal))?;
        }
        if let Some(deadline) = case.deadline {
            write!(f, "，期限{}", minute(case, deadline))?;
        }
        Ok(())
    })
}

fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Waived => "首违不予处罚",
        Outcome::Warned => "警告",
        Outcome::Reminded => "提醒",
        Outcome::Corrected => "已改正",
        Outcome::PenaltyProposed => "拟处罚",
        Outcome::PenaltyDecided => "已作出处罚决定",
        Outcome::Voided => "已撤销",
        Outcome::Held => "暂缓处理",
        Outcome::NotPunishable => "不予处罚立案",
        Outcome::Inadmissible => "证据不予采用",
    }
}

fn window(case: &Case) -> impl fmt::Display + '_ {
    fmt::from_fn(|f| {
        let Some(window) = &case.window else {
            return f.write_str("本计次周期");
        };
        let name = match window.kind {
            WindowKind::CalendarYear => "自然年",
            WindowKind::CalendarMonth => "自然月",
            WindowKind::SameDay => "当日",
            WindowKind::FiscalYear => "年度",
            WindowKind::Rolling => "滚动周期",
            WindowKind::SincePolicy => "政策施行以来",
            WindowKind::Lifetime => "历次记录",
        };
        match days(window) {
            Some((from, to)) => write!(f, "{from}至{to}（{name}）"),
            None => f.write_str(name),
        }
    })
}

fn other(case: &Case) -> impl fmt::Display + '_ {
    fmt::from_fn(|f| {
        let Some(other) = &case.trace.other else {
            return f.write_str("另一起");
        };
        let (from, outcome) = (minute(case, other.from), outcome(other.outcome));
        write!(f, "{from}在{}的一起（{outcome}）", other.zone)
    })
}

fn zone_kind(kind: ZoneKind) -> &'static str {
    match kind {
        ZoneKind::FireLane => "消防车通道",
        ZoneKind::TactilePaving => "盲道",
        ZoneKind::Crosswalk => "人行横道",
        ZoneKind::SchoolGate => "校门口",
        ZoneKind::HospitalGate => "医院门口",
        ZoneKind::BusStop => "公交站",
        ZoneKind::Strict => "严管路段",
        ZoneKind::Sidewalk => "人行道",
    }
}

fn notice(kind: NoticeKind) -> &'static str {
    match kind {
        NoticeKind::Waived => "首违不予处罚",
        NoticeKind::Warned => "警告",
        NoticeKind::Reminded => "提醒",
        NoticeKind::PenaltyProposed => "拟处罚",
        NoticeKind::Withdrawn => "撤回",
        NoticeKind::ObjectionUpheld => "申辩成立",
        NoticeKind::ObjectionRejected => "申辩不成立",
    }
}

fn because(case: &Case, reason: Reason) -> impl fmt::Display + '_ {
    fmt::from_fn(move |f| {
        let words = case.trace.words.as_deref().unwrap_or("");
        match reason {
            Reason::FirstInWindow => {
                write!(
                    f,
                    "{}内第{}起，名额未用完",
                    window(case),
                    case.ordinal.unwrap_or(1)
                )
            }
            Reason::AllowanceUsed if case.trace.allowance == 0 => {
                write!(f, "{}内不设首违名额", window(case))
            }
            Reason::AllowanceUsed => {
                write!(
                    f,
                    "{}内第{}起，首违名额已由{}使用",
                    window(case),
                    case.ordinal.unwrap_or(0),
                    other(case)
                )
            }
            Reason::Excluded => match case.trace.excluded {
                Some(ExcludedBy::Zone(kind)) => write!(f, "位于{}，不适用首违免罚", zone_kind(kind)),
                Some(ExcludedBy::SameDay) => f.write_str("同日再次违停，不适用首违免罚"),
                None => f.write_str("按政策不适用首违免罚"),
            },
            Reason::Told => {
                write!(
                    f,
                    "已告知当事人{}，不作更重处理",
                    case.trace.told.map_or("结果", notice)
                )
            }
            Reason::Discretion => write!(f, "人工裁量：{words}"),
            Reason::HandledElsewhere => write!(f, "已由{words}处理，一事不再罚"),
            Reason::EarlierUndecided => write!(f, "此前{}尚未确定", other(case)),
            Reason::LaterCaseWasTold => write!(f, "首违名额已由其后已告知的{}使用", other(case)),
            Reason::Void(VoidReason::Other) => write!(f, "人工撤销：{words}"),
            Reason::Void(reason) => write!(f, "人工撤销：{}", void(reason)),
            other => f.write_str(fixed(other)),
        }
    })
}

/// The part of the sentence that is the same in every case.
fn fixed(reason: Reason) -> &'static str {
    match reason {
        Reason::NoPolicy => "该地点、代码和时间没有适用的政策",
        Reason::TooOld => "取得时已超过追责期限",
        Reason::OutsideJurisdiction => "使领馆、武警或军队号牌，不属本部门管辖",
        Reason::UnstablePlate => "临时号牌，不能作为计次依据",
        Reason::NotAMotorVehicle => "不是机动车",
        Reason::ClassUnknown => "号牌种类不明",
        Reason::ClassMismatch => "号牌种类与颜色或车型不符",
        Reason::PlateUncertain => "号牌识别可信度不足",
        Reason::Late => "取得时间晚于规定时限",
        Reason::ZoneUnknown => "地点未登记或未生效",
        Reason::PlateRepaired => "号牌字符经修正，不利决定须人工确认",
        Reason::ReviewRequired => "须人工审核",
        Reason::PossibleContinuation => "可能是前一次停放的延续",
        Reason::Overlap => "与同一车辆另一次停放时间重叠",
        Reason::ContinuedAfterNotice => "告知后仍长时间停放",
        Reason::ReviewLapsed => "逾期未审核",
        Reason::EarlierLapsed => "此前一起逾期未审核",
        Reason::ReviewRejected => "审核不通过",
        Reason::ObjectionUpheld => "申辩成立",
        Reason::ObjectionLighter => "申辩后从轻",
        Reason::LighterLaw => "从轻适用新版本",
        Reason::Schema
        | Reason::UnidentifiedVehicle
        | Reason::InvalidPlate
        | Reason::ClockSkew
        | Reason::ClockReset
        | Reason::TestMode
        | Reason::DeviceNotApproved
        | Reason::TooShort
        | Reason::ContentDuplicate
        | Reason::NoEffectYet
        | Reason::PlateCorrected
        | Reason::SameContent
        | Reason::OtherContent
        | Reason::AboutUnknown
        | Reason::FirstInWindow
        | Reason::AllowanceUsed
        | Reason::Excluded
        | Reason::Told
        | Reason::Discretion
        | Reason::HandledElsewhere
        | Reason::EarlierUndecided
        | Reason::LaterCaseWasTold
        | Reason::Void(_) => reason.as_str(),
    }
}

fn void(reason: VoidReason) -> &'static str {
    match reason {
        VoidReason::EmergencyVehicle => "执行紧急任务的车辆",
        VoidReason::StolenPlate => "号牌被盗用或套牌",
        VoidReason::Rescue => "救助危难或紧急避险",
        VoidReason::HandledOnTheSpot => "已当场处理",
        VoidReason::ConflictingSigns => "标志标线相互矛盾",
        VoidReason::UnclearRecord => "记录不清晰",
        VoidReason::PlateMismatch => "号牌与图像不符",
        VoidReason::Exempt => "依规定豁免",
        VoidReason::DeviceRecall => "设备有误",
        VoidReason::Merged => "与另一记录重复",
        VoidReason::Other => "其他",
    }
}
