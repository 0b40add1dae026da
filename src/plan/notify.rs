//! `notify`: who is told what, and where the secrets for that are.
//!
//! A secret is refused wherever it stands in clear text, and then hidden in the report, whatever else is wrong with its line. What stands
//! in a plan instead is where the secret is: `env:NAME`, `file:/path`, `credential:NAME`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::choice::{self, choice};
use super::duration::{self, duration};
use super::finding::{Findings, Reported, quoted};
use super::keys::{self, KeyTable};
use super::problem::Problem;
use super::section::{self, Field, Section};
use super::spanned::Spanned;
use super::tree::{Content, Entry, Node, Scalar};
use super::twice::report_twice;
use super::{host, number, path, scalar};
use crate::desired::{Email, MailLogin, MailOn, Notify, Ping, Secret, Security, Smtp, Url};

/// The most addresses of one mail.
pub(super) const RECIPIENTS_MAX: usize = 20;
/// The longest address that mail knows.
pub(super) const ADDRESS_LENGTH_MAX: usize = 254;
/// The longest login name that is plausible; many are mail addresses.
pub(super) const LOGIN_LENGTH_MAX: usize = 254;
/// The longest address of the web that common servers take.
pub(super) const URL_LENGTH_MAX: usize = 2000;
/// The longest name of a variable or a credential.
const NAME_LENGTH_MAX: usize = 255;
const TIMEOUT: Duration = Duration::from_secs(30);

pub(super) const REFERENCE_HELP: &str =
    "write where it is: `credential:NAME` (systemd's LoadCredential=), `file:/path` (mode 0600) or `env:NAME`";

/// Reads `notify`.
///
/// # Errors
/// Reported: something in it is wrong.
pub(super) fn notify(section: &Section<'_>, findings: &mut Findings<'_>) -> Result<Notify, Reported> {
    let email = section.entry("email").map(|entry| email(entry, findings));
    let ping = section.entry("ping").map(|entry| ping(entry, findings));
    let webhook = section.entry("webhook").map(|entry| webhook(entry, findings));
    Ok(Notify { email: email.transpose()?, ping: ping.transpose()?.unwrap_or_default(), webhook: webhook.transpose()? })
}

fn part<'a>(table: &'static KeyTable, entry: &'a Entry, findings: &mut Findings<'_>) -> Result<Section<'a>, Reported> {
    Section::new(table.name.into(), entry.key.span, table, &entry.value, findings)
}

fn email(entry: &Entry, findings: &mut Findings<'_>) -> Result<Email, Reported> {
    let section = part(&keys::EMAIL, entry, findings)?;
    let to = section.required_entry("to", "ops@example.com", findings).and_then(|entry| recipients(entry, findings));
    let from = section.required("from", "jbr@example.com", findings, address);
    let smtp =
        section.required_entry("smtp", "{ host: mail.example.com }", findings).and_then(|entry| smtp(entry, findings));
    let on = section.entry("on").map(|entry| mail_on(entry, findings));
    let log_excerpts = section.optional("log_excerpts", findings, choice::switch);
    Ok(Email {
        to: to?,
        from: from?.value,
        smtp: smtp?,
        on: on.transpose()?.unwrap_or_default(),
        log_excerpts: value(log_excerpts)?.unwrap_or(true),
    })
}

fn recipients(entry: &Entry, findings: &mut Findings<'_>) -> Result<Vec<String>, Reported> {
    let items = section::one_or_more("`to`", entry, findings)?;
    if let Some(extra) = items.get(RECIPIENTS_MAX) {
        let problem = Problem::new(format!("more than {RECIPIENTS_MAX} addresses in `to`"), "one too many");
        return Err(findings.push(extra.head(), problem.help("let the mail server have a list for them")));
    }
    let read = |item: &Node, findings: &mut Findings<'_>| section::value("`to`", item.head(), item, findings, address);
    let all: Vec<Field<String>> = items.iter().map(|item| read(item, findings)).collect();
    report_twice("`to`", all.iter().flatten(), findings);
    all.into_iter().map(|address| address.map(|address| address.value)).collect()
}

fn smtp(entry: &Entry, findings: &mut Findings<'_>) -> Result<Smtp, Reported> {
    let section = part(&keys::SMTP, entry, findings)?;
    let host = section.required("host", "mail.example.com", findings, mail_host);
    let port = section.optional("port", findings, number::port);
    let security = section.optional("security", findings, choice::<choice::MailSecurity>);
    let timeout = section.optional("timeout", findings, duration(duration::MAIL_TIMEOUT));
    let ca_file = section.optional("ca_file", findings, path::path);
    let user = section.optional("user", findings, login_name);
    let password = secretive(&section, "password", findings, reference);
    let together = [fits_security(&section, security.as_ref(), findings), is_a_login(&section, findings)];
    let security = value(security)?.unwrap_or(Security::StartTls);
    let (user, password) = (value(user)?, located(password, findings)?);
    let smtp = Smtp {
        host: host?.value,
        port: value(port)?.unwrap_or(port_of(security)),
        security,
        login: user.zip(password).map(|(user, password)| MailLogin { user, password }),
        timeout: value(timeout)?.unwrap_or(TIMEOUT),
        ca_file: ca_file.transpose()?.map(|path| beside_the_plan(&path.value, path.span.file, findings)),
    };
    together.into_iter().collect::<Result<(), _>>().map(|()| smtp)
}

fn mail_host(scalar: &Scalar) -> Result<String, Problem> {
    let is_url = scalar.text.contains("://");
    host::host(scalar).map_err(|problem| {
        if is_url { problem.help("write the host name alone; `security` and `port` say the rest") } else { problem }
    })
}

fn port_of(security: Security) -> u16 {
    match security {
        Security::Tls => 465,
        Security::StartTls => 587,
        Security::None => 25,
    }
}

/// Without encryption a password would go over the wire as it is, and there is no certificate to look at.
fn fits_security(
    section: &Section<'_>,
    security: Option<&Field<Security>>,
    findings: &mut Findings<'_>,
) -> Result<(), Reported> {
    let Some(Ok(Spanned { value: Security::None, span })) = security else { return Ok(()) };
    let mut fits = Ok(());
    if let Some(password) = section.entry("password") {
        let problem = Problem::new("a password without encryption", "everybody on the way could read it")
            .related(*span, "nothing is encrypted")
            .help("write `security: starttls` or `security: tls`, or remove `user` and `password`");
        fits = Err(findings.push(password.key.span, problem));
    }
    if let Some(ca_file) = section.entry("ca_file") {
        let problem = Problem::new("`ca_file` without encryption", "there is no certificate to believe")
            .related(*span, "nothing is encrypted")
            .help("write `security: starttls` or `security: tls`, or remove `ca_file`");
        fits = Err(findings.push(ca_file.key.span, problem));
    }
    fits
}

/// A login has two parts.
fn is_a_login(section: &Section<'_>, findings: &mut Findings<'_>) -> Result<(), Reported> {
    let (missing, there, example) = match (section.entry("user"), section.entry("password")) {
        (Some(user), None) => ("password", user, "credential:smtp"),
        (None, Some(password)) => ("user", password, "jbr"),
        _ => return Ok(()),
    };
    let problem = Problem::new(format!("a login without `{missing}`"), "this is one half of it")
        .help(format!("add `{missing}: {example}`, or remove it: without both, jbr does not log in"));
    Err(findings.push(there.key.span, problem))
}

fn mail_on(entry: &Entry, findings: &mut Findings<'_>) -> Result<MailOn, Reported> {
    let section = part(&keys::MAIL_ON, entry, findings)?;
    let default = MailOn::default();
    let [failure, timeout, partial, unreachable, stale, finished] =
        keys::MAIL_ON_KEYS.map(|key| value(section.optional(key, findings, choice::switch)));
    Ok(MailOn {
        failure: failure?.unwrap_or(default.failure),
        timeout: timeout?.unwrap_or(default.timeout),
        partial: partial?.unwrap_or(default.partial),
        unreachable: unreachable?.unwrap_or(default.unreachable),
        stale: stale?.unwrap_or(default.stale),
        finished: finished?.unwrap_or(default.finished),
    })
}

fn ping(entry: &Entry, findings: &mut Findings<'_>) -> Result<Ping, Reported> {
    let section = part(&keys::PING, entry, findings)?;
    let mut url = |key: &str| -> Result<Option<Url>, Reported> {
        let url = secretive(&section, key, findings, ping_url);
        match url.transpose()? {
            Some(Spanned { value: Url::Secret(secret), span }) => {
                Ok(Some(Url::Secret(whole(secret, span.file, findings))))
            }
            plain => Ok(plain.map(|url| url.value)),
        }
    };
    let (start, success, failure) = (url("start"), url("success"), url("failure"));
    Ok(Ping { start: start?, success: success?, failure: failure? })
}

fn webhook(entry: &Entry, findings: &mut Findings<'_>) -> Result<Secret, Reported> {
    let section = part(&keys::WEBHOOK, entry, findings)?;
    let entry = section.required_entry("url", "credential:webhook", findings)?;
    let url = secretive(&section, "url", findings, reference);
    match located(url, findings)? {
        Some(secret) => Ok(secret),
        None => Err(findings.push(entry.key.span, clear_text("`url`"))),
    }
}

/// The value of a key that may hold a secret by mistake: where it is wrong, none of it is shown, in any of the places where it stands.
fn secretive<T>(
    section: &Section<'_>,
    key: &str,
    findings: &mut Findings<'_>,
    read: impl Fn(&Scalar) -> Result<T, Problem>,
) -> Option<Field<T>> {
    let name = format!("`{key}`");
    let fields: Vec<Field<T>> = section.all(key).map(|entry| secretive_value(&name, entry, findings, &read)).collect();
    fields.into_iter().next()
}

fn secretive_value<T>(
    name: &str,
    entry: &Entry,
    findings: &mut Findings<'_>,
    read: impl Fn(&Scalar) -> Result<T, Problem>,
) -> Field<T> {
    let span = entry.value.span;
    let problem = match &entry.value.content {
        Content::Scalar(scalar) if scalar.is_nothing() => {
            Problem::new("has no value", "nothing is written here").help(REFERENCE_HELP).of(name)
        }
        Content::Scalar(scalar) if !scalar.source.contains('\n') => match read(scalar) {
            Ok(value) => return Ok(Spanned { value, span }),
            Err(problem) => problem.of(name),
        },
        Content::Scalar(_) | Content::List(_) | Content::Map(_) => clear_text(name),
    };
    Err(findings.push_hiding(entry.key.span, problem, Some(span)))
}

fn clear_text(name: &str) -> Problem {
    Problem::new("holds a secret in clear text", "a secret never stands in a plan").of(name).help(format!(
        "remove it, and replace it wherever it is used: whoever can read this plan, or its history in git, knows it.\n{REFERENCE_HELP}"
    ))
}

/// Reads where a secret is. No message repeats any of the text: it may be the secret.
fn reference(scalar: &Scalar) -> Result<Secret, Problem> {
    let text = scalar.text.as_str();
    let is_name = |name: &str, also: &[u8]| {
        (1..=NAME_LENGTH_MAX).contains(&name.len())
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || also.contains(&b))
            && !name.starts_with(['.', '-'])
    };
    let wrong = |label: &str, help: &str| Err(Problem::new("does not say where a secret is", label).help(help));
    if let Some(name) = text.strip_prefix("env:") {
        return if is_name(name, b"_") && !name.starts_with(|c: char| c.is_ascii_digit()) {
            Ok(Secret::Env(name.to_owned()))
        } else {
            wrong("not the name of a variable", "write the name alone, such as `env:JBR_SMTP_PASSWORD`")
        };
    }
    if let Some(name) = text.strip_prefix("credential:") {
        return if is_name(name, b"._-") {
            Ok(Secret::Credential(name.to_owned()))
        } else {
            wrong(
                "not the name of a credential",
                "write the name that LoadCredential= gives it, such as `credential:smtp`",
            )
        };
    }
    if let Some(file) = text.strip_prefix("file:") {
        let is_path = !file.is_empty() && !file.starts_with(['~', ' ']) && !file.contains('$') && !file.ends_with('/');
        return if is_path {
            Ok(Secret::File(PathBuf::from(file)))
        } else {
            wrong("not the path of a file", "write the whole path, such as `file:/etc/jbr/smtp-password`")
        };
    }
    let (message, label) = ("holds a secret in clear text", "a secret never stands in a plan");
    Err(Problem::new(message, label).help(format!(
        "remove it, and replace it wherever it is used: whoever can read this plan, or its history in git, knows it.\n{REFERENCE_HELP}"
    )))
}

/// Reads the address of a ping. One that stands in the plan may be known to those who can read the plan: with it they can pretend that a
/// backup was made, and no more. A login or a token in it would be more than that.
fn ping_url(scalar: &Scalar) -> Result<Url, Problem> {
    let text = scalar.text.as_str();
    if super::secret::PREFIXES.iter().any(|prefix| text.starts_with(prefix)) {
        return reference(scalar).map(Url::Secret);
    }
    let wrong = |label: &str| {
        Err(Problem::new("is not an address of the web", label)
            .help(format!("write one such as `https://hc.example.com/ping/…`; to keep it secret, {REFERENCE_HELP}")))
    };
    let Some(rest) = ["https://", "http://"].iter().find_map(|scheme| text.strip_prefix(scheme)) else {
        return wrong("it begins neither with https:// nor with http://");
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.contains('@') || super::secret::is_word_in(rest) {
        return Err(
            Problem::new("holds a secret in clear text", "a secret never stands in a plan").help(REFERENCE_HELP)
        );
    }
    if authority.is_empty() || text.len() > URL_LENGTH_MAX || !text.bytes().all(|b| b.is_ascii_graphic()) {
        return wrong("not the whole address, or characters that no address has");
    }
    Ok(Url::Plain(text.to_owned()))
}

/// Reads a mail address: the plain form, without a name around it.
fn address(scalar: &Scalar) -> Result<String, Problem> {
    let text = scalar::text(scalar)?;
    let wrong = |label: &str| {
        Err(Problem::new(format!("is not a mail address: {}", quoted(&text)), label)
            .help("write it as ops@example.com"))
    };
    if text.contains(['<', '>', '"', ' ', ',']) {
        return wrong("the address alone, without a name or a second address");
    }
    let Some((local, domain)) = text.rsplit_once('@') else { return wrong("there is no @ in it") };
    let is_local = |c: u8| c.is_ascii_alphanumeric() || b".!#$%&'*+/=?^_`{|}~-".contains(&c);
    let is_domain = |c: u8| c.is_ascii_alphanumeric() || b".-".contains(&c);
    let dotted = |part: &str| !part.is_empty() && !part.split('.').any(str::is_empty);
    let fits = local.len() <= 64 && text.len() <= ADDRESS_LENGTH_MAX;
    if !fits || !dotted(local) || !dotted(domain) || !local.bytes().all(is_local) || !domain.bytes().all(is_domain) {
        return wrong("not an address that every mail server takes");
    }
    Ok(text)
}

fn login_name(scalar: &Scalar) -> Result<String, Problem> {
    let text = scalar::text(scalar)?;
    if text.len() <= LOGIN_LENGTH_MAX && text.bytes().all(|b| b.is_ascii_graphic()) {
        return Ok(text);
    }
    Err(Problem::new(format!("is not a login name: {}", quoted(&text)), "a space, or a character that is not ASCII")
        .help("write the name that the mail server knows; many are mail addresses"))
}

fn value<T>(field: Option<Field<T>>) -> Result<Option<T>, Reported> {
    field.transpose().map(|value| value.map(|value| value.value))
}

fn located(field: Option<Field<Secret>>, findings: &Findings<'_>) -> Result<Option<Secret>, Reported> {
    let field = field.transpose()?;
    Ok(field.map(|Spanned { value, span }| whole(value, span.file, findings)))
}

fn whole(secret: Secret, file: usize, findings: &Findings<'_>) -> Secret {
    match secret {
        Secret::File(path) => Secret::File(beside_the_plan(&path, file, findings)),
        other => other,
    }
}

/// A path as it is meant: from the folder of the file in which it stands.
fn beside_the_plan(path: &Path, file: usize, findings: &Findings<'_>) -> PathBuf {
    let folder = findings.sources.get(file).and_then(|source| source.path.parent()).unwrap_or(Path::new(""));
    folder.join(path)
}
