//! Colour: decoration of what symbols and words already say.

use anstyle::AnsiColor;

/// Whether a text carries colour. The command line decides; its output layer takes the colour away again where nobody sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Text and nothing else.
    Plain,
    /// With ANSI escape sequences.
    Coloured,
}

/// What a piece of text is, as far as its colour goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    /// Nothing in particular.
    Plain,
    /// A title.
    Heading,
    /// Done, and good.
    Good,
    /// Under way, or about to be.
    Active,
    /// To be looked at.
    Caution,
    /// Wrong.
    Bad,
    /// Beside the point.
    Quiet,
}

impl Style {
    /// The text in its tone.
    pub(super) fn paint(self, tone: Tone, text: &str) -> String {
        let ansi = tone.ansi();
        if self == Self::Plain || ansi.is_plain() || text.is_empty() {
            return text.to_owned();
        }
        format!("{}{text}{}", ansi.render(), ansi.render_reset())
    }
}

impl Tone {
    /// The sixteen colours only: they follow the reader's own palette, and are legible on light and dark.
    fn ansi(self) -> anstyle::Style {
        match self {
            Self::Plain => anstyle::Style::new(),
            Self::Heading => anstyle::Style::new().bold(),
            Self::Good => AnsiColor::Green.on_default(),
            Self::Active => AnsiColor::Cyan.on_default().bold(),
            Self::Caution => AnsiColor::Yellow.on_default().bold(),
            Self::Bad => AnsiColor::Red.on_default().bold(),
            Self::Quiet => anstyle::Style::new().dimmed(),
        }
    }
}
