//! The rule: plates, episodes, ledger, policy, judgement, notice life, message text, ids.
