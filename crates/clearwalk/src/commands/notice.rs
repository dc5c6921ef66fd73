//! `notice`: what a person does with one message. Works beside a running service.

use engine::ids::NoticeId;
use engine::notice::NoticeState;
use formats::inner::Inner;
use ports::dispatch::{Acted, DispatchStore as _, NoticeAct};
use ports::read::{NewAudit, ReadStore as _};
use serde_json::json;

use super::{Context, actor};
use crate::cli::{NoticeArgs, NoticeCommand, ResendArgs};
use crate::failure::{Code, Failure};
use crate::instant;
use crate::output;
use crate::telemetry::{self, Talk};
use crate::wiring::{self, Access};

pub(crate) fn run(context: &Context, command: &NoticeCommand) -> Result<(), Failure> {
    let (act, verb, args) = match command {
        NoticeCommand::Hold(args) => (NoticeAct::Hold, "hold", args),
        NoticeCommand::Release(args) => (NoticeAct::Release, "release", args),
        NoticeCommand::Cancel(args) => (NoticeAct::Cancel, "cancel", args),
        NoticeCommand::Resend(args) => return resend(context, args),
    };
    let settings = context.settings()?;
    telemetry::start(context.json, Talk::Quiet)?;
    let by = actor(args.by.as_deref())?;
    super::runtime()?.block_on(async {
        let store = wiring::open(&settings, Access::Use).await?;
        let (now, id) = (instant::now(), NoticeId::from_text(&args.notice));
        let reason = format!("person: {}", args.reason);
        let acted = store.act(now, &id, act, &reason).await?;
        let Acted::Done { from, to } = acted else {
            return Err(refused(args, verb, acted));
        };
        let entry = NewAudit {
            at: now,
            actor: by.into(),
            action: format!("notice.{verb}").into(),
            object: args.notice.as_str().into(),
            before: Some(from.as_str().into()),
            after: Some(format!("{}: {}", to.as_str(), args.reason).into()),
        };
        store.append_audit(&entry).await?;
        wiring::close(store).await;
        said(context, args, from, to)
    })
}

/// Lays the wish into the inner log; whoever decides makes the new message.
fn resend(context: &Context, args: &ResendArgs) -> Result<(), Failure> {
    let ResendArgs {
        notice: args,
        evidence,
    } = args;
    let settings = context.settings()?;
    telemetry::start(context.json, Talk::Quiet)?;
    let by = actor(args.by.as_deref())?;
    super::runtime()?.block_on(async {
        let store = wiring::open(&settings, Access::Use).await?;
        let (now, id) = (instant::now(), NoticeId::from_text(&args.notice));
        let Some(stored) = store.notice(&id).await? else {
            return Err(Failure::new(
                Code::NotFound,
                format_args!("there is no notice {id}"),
            ));
        };
        if stored.state == NoticeState::Unknown && evidence.is_none() {
            let message = "nobody knows whether this message went out";
            return Err(
                Failure::new(Code::Conflict, message).hint("say how you know that it did not: --evidence")
            );
        }
        let wish = Inner::once_more(&stored.plate, &stored.case, stored.kind, stored.revision);
        let acted = store.resend(now, &id, wish.encode().into()).await?;
        let Acted::Done { from, .. } = acted else {
            return Err(refused(args, "resend", acted));
        };
        let new = NoticeId::new(&stored.case, stored.kind, stored.revision + 1);
        let evidence = evidence.iter().map(|evidence| format!("; evidence: {evidence}"));
        let entry = NewAudit {
            at: now,
            actor: by.into(),
            action: "notice.resend".into(),
            object: args.notice.as_str().into(),
            before: Some(from.as_str().into()),
            after: Some(format!("{new}: {}{}", args.reason, evidence.collect::<String>()).into()),
        };
        store.append_audit(&entry).await?;
        wiring::close(store).await;
        if context.json {
            return output::print_json(&json!({ "notice": args.notice, "resent_as": new.as_str() }));
        }
        output::print_line(&format!(
            "{}: will be said again as {new}, where it is still true",
            args.notice
        ))
    })
}

fn refused(args: &NoticeArgs, verb: &str, acted: Acted) -> Failure {
    let state = match acted {
        Acted::Refused(state) | Acted::Done { from: state, .. } => state,
    };
    let message = format_args!(
        "notice {} is {}: {verb} is not possible",
        args.notice,
        state.as_str()
    );
    Failure::new(Code::Conflict, message)
        .hint("only queued ones are held, held ones released, what was never sent cancelled, and what did not arrive said again")
}

fn said(context: &Context, args: &NoticeArgs, from: NoticeState, to: NoticeState) -> Result<(), Failure> {
    if context.json {
        let (before, state) = (from.as_str(), to.as_str());
        return output::print_json(&json!({ "notice": args.notice, "before": before, "state": state }));
    }
    output::print_line(&format!(
        "{}: {}, was {}",
        args.notice,
        to.as_str(),
        from.as_str()
    ))
}
