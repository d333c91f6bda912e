// SPDX-License-Identifier: GPL-3.0-or-later
//
// Every colour of the window, by what it means; no other file holds one. Made once per palette change.
//
// The calm rule: attention = a person has to do something and mail is safe; error = refused, failed or cannot be saved;
// ok = checked and good; dim = off or not asked. A status is always shape and word too.
// Thread: the GUI thread (values may travel).
#pragma once

#include <QColor>
#include <QPalette>

namespace postern::window {

// What something says by its colour.
enum class Tone : quint8 { Plain, Dim, Ok, Attention, Error, Link };

struct ToneColors {
    QColor ink, tint, line;
};

struct Roles {
    bool dark = false, highContrast = false;
    QColor base, window, alternate, titleStrip, line, lineSoft, controlBorder;
    QColor text, textDim, textDisabled;
    QColor accentFill, onAccent, accentLine, link, accentTint, accentTintLine;
    QColor selection, selectionText;
    QColor okInk, okTint, okLine, attentionInk, attentionTint, attentionLine, errorInk, errorTint, errorLine;
    QColor badge; // on the tray's icon, over whatever panel there is
    QColor chip, chipLine, added, removed;
    QColor syntaxKeyword, syntaxString, syntaxName, syntaxNumber, syntaxComment;

    static Roles light();
    static Roles darkOnes();
    static Roles contrast(bool dark);           // no tints, borders in Text
    static Roles derivedFrom(const QPalette& p); // over a style that owns its palette: tints 12 %, lines 18 %

    QPalette palette() const;
    ToneColors tone(Tone tone) const;
};

// The part of `over` in `under`, 0..1, opaque.
QColor mixed(const QColor& over, const QColor& under, double part);

// WCAG 2 contrast ratio of two opaque colours, 1..21.
double contrastRatio(const QColor& a, const QColor& b);

} // namespace postern::window
