//! Publication of the policies in the files: what the store has once is never another text under the same name.

use formats::policy;
use ports::read::{NewAudit, ReadStore, StoredPolicy};
use ports::store::StoreError;
use sha2::{Digest as _, Sha256};

use crate::config::Settings;
use crate::failure::{Code, Failure};
use crate::instant;

/// Publishes every version of the files that the store does not have; answers their names. Other text under a published
/// name is refused.
pub(crate) async fn publish(
    settings: &Settings,
    store: &dyn ReadStore,
    by: &str,
) -> Result<Vec<String>, Failure> {
    let published = store.policies().await?;
    let mut fresh = Vec::new();
    for (file, text) in &settings.rules_files()?.policies {
        let policy = policy::parse(file, text).map_err(Failure::configuration)?;
        if published
            .iter()
            .any(|it| it.id == policy.id && it.version == policy.version && *it.text == **text)
        {
            continue;
        }
        let at = instant::now();
        let version = StoredPolicy {
            id: policy.id.clone(),
            version: policy.version.clone(),
            text: text.as_str().into(),
            hash: Sha256::digest(text).into(),
            at,
            by: by.into(),
        };
        store
            .publish_policy(&version)
            .await
            .map_err(|error| changed(file, &policy.name(), error))?;
        let entry = NewAudit {
            at,
            actor: by.into(),
            action: "policy.publish".into(),
            object: policy.name().into(),
            before: None,
            after: Some(hex::encode(version.hash).into()),
        };
        store.append_audit(&entry).await?;
        fresh.push(policy.name());
    }
    Ok(fresh)
}

fn changed(file: &str, name: &str, error: StoreError) -> Failure {
    if !matches!(error, StoreError::Conflict(_)) {
        return error.into();
    }
    let message = format!(
        "{file}: policy {name} was published with another text, and a published version never changes"
    );
    Failure::new(Code::Conflict, message)
        .hint("give the new text a version of its own; `clearwalk policy show` prints the published one")
}
