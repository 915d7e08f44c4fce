//! Where to report a vulnerability, readable from the deployed program.

use solana_security_txt::security_txt;

security_txt! {
    name: "Plenary",
    project_url: "The repository that contains programs/plenary",
    contacts: "other:The repository host's private form for security advisories",
    policy: "SECURITY.md in the repository",
    preferred_languages: "en",
    source_code: "programs/plenary in the repository"
}

/// Refers to the text. A linker may drop what the entry point does not reach.
pub fn keep_security_txt() {
    std::hint::black_box(SECURITY_TXT);
}
