// SPDX-License-Identifier: GPL-3.0-or-later
#include "window/theme/roles.h"

#include <cmath>

namespace postern::window {
namespace {

QColor rgb(QRgb value) {
    return QColor::fromRgb(0xff000000U | value);
}

double luminance(const QColor& color) {
    const auto linear = [](double c) { return c <= 0.04045 ? c / 12.92 : std::pow((c + 0.055) / 1.055, 2.4); };
    return 0.2126 * linear(color.redF()) + 0.7152 * linear(color.greenF()) + 0.0722 * linear(color.blueF());
}

} // namespace

QColor mixed(const QColor& over, const QColor& under, double part) {
    const auto mix = [part](int a, int b) { return static_cast<int>(std::lround(a * part + b * (1 - part))); };
    return {mix(over.red(), under.red()), mix(over.green(), under.green()), mix(over.blue(), under.blue())};
}

double contrastRatio(const QColor& a, const QColor& b) {
    const double la = luminance(a);
    const double lb = luminance(b);
    return (std::max(la, lb) + 0.05) / (std::min(la, lb) + 0.05);
}

Roles Roles::light() {
    Roles r;
    r.base = rgb(0xFFFFFF);
    r.window = rgb(0xF1F2F4);
    r.alternate = rgb(0xF7F8F9);
    r.titleStrip = rgb(0xE3E6EA);
    r.line = rgb(0xD5D9DE);
    r.lineSoft = rgb(0xE5E8EB);
    r.controlBorder = rgb(0x7B848E);
    r.text = rgb(0x1C2126);
    r.textDim = rgb(0x57606A);
    r.textDisabled = rgb(0x848D96);
    r.accentFill = rgb(0x2359A8);
    r.onAccent = rgb(0xFFFFFF);
    r.accentLine = rgb(0x2359A8);
    r.link = rgb(0x2359A8);
    r.accentTint = rgb(0xE6EEFA);
    r.accentTintLine = rgb(0xB9CDEC);
    r.selection = rgb(0xDCE8F8);
    r.selectionText = r.text;
    r.okInk = rgb(0x1B6E38);
    r.okTint = rgb(0xE4F3E8);
    r.okLine = rgb(0xA9D3B6);
    r.attentionInk = rgb(0x855300);
    r.attentionTint = rgb(0xFFF3D9);
    r.attentionLine = rgb(0xE5C47F);
    r.badge = rgb(0xA86A00);
    r.errorInk = rgb(0xB3261E);
    r.errorTint = rgb(0xFDECEB);
    r.errorLine = rgb(0xECB5B1);
    r.chip = rgb(0xEEF1F5);
    r.chipLine = rgb(0xC3CAD3);
    r.added = rgb(0xE3F4E7);
    r.removed = rgb(0xFDE9E7);
    r.syntaxKeyword = rgb(0x7A2F8F);
    r.syntaxString = rgb(0x1B6E38);
    r.syntaxName = rgb(0x2359A8);
    r.syntaxNumber = rgb(0x8A4A00);
    r.syntaxComment = rgb(0x5A636C);
    return r;
}

Roles Roles::darkOnes() {
    Roles r;
    r.dark = true;
    r.base = rgb(0x1B1E21);
    r.window = rgb(0x24282C);
    r.alternate = rgb(0x202427);
    r.titleStrip = rgb(0x1F2326);
    r.line = rgb(0x3A4046);
    r.lineSoft = rgb(0x2D3237);
    r.controlBorder = rgb(0x7D8790);
    r.text = rgb(0xE7EAED);
    r.textDim = rgb(0xA9B2BB);
    r.textDisabled = rgb(0x7D8790);
    r.accentFill = rgb(0x2F66B5);
    r.onAccent = rgb(0xFFFFFF);
    r.accentLine = rgb(0x3F78C9);
    r.link = rgb(0x8FBAF5);
    r.accentTint = rgb(0x22344C);
    r.accentTintLine = rgb(0x3C577C);
    r.selection = rgb(0x2A4061);
    r.selectionText = r.text;
    r.okInk = rgb(0x79CF92);
    r.okTint = rgb(0x1F3527);
    r.okLine = rgb(0x3A6A4A);
    r.attentionInk = rgb(0xECBB62);
    r.attentionTint = rgb(0x3A2F18);
    r.attentionLine = rgb(0x6D5727);
    r.badge = rgb(0xECA93C);
    r.errorInk = rgb(0xF59C95);
    r.errorTint = rgb(0x40211F);
    r.errorLine = rgb(0x7B3B37);
    r.chip = rgb(0x2C3136);
    r.chipLine = rgb(0x4D555D);
    r.added = rgb(0x1F3527);
    r.removed = rgb(0x40211F);
    r.syntaxKeyword = rgb(0xD3A0E6);
    r.syntaxString = rgb(0x79CF92);
    r.syntaxName = rgb(0x8FBAF5);
    r.syntaxNumber = rgb(0xE3B06E);
    r.syntaxComment = rgb(0xA9B2BB);
    return r;
}

Roles Roles::contrast(bool dark) {
    Roles r = dark ? darkOnes() : light();
    r.highContrast = true;
    r.base = r.window = r.alternate = r.titleStrip = dark ? rgb(0x000000) : rgb(0xFFFFFF);
    r.text = r.textDim = dark ? rgb(0xFFFFFF) : rgb(0x000000);
    r.line = r.lineSoft = r.controlBorder = r.text;
    r.selection = r.accentFill = dark ? rgb(0xFFFF00) : rgb(0x00309C);
    r.selectionText = r.onAccent = dark ? rgb(0x000000) : rgb(0xFFFFFF);
    r.badge = r.text;
    r.accentLine = r.link = dark ? rgb(0xFFFF00) : rgb(0x00309C);
    for (QColor* tint : {&r.accentTint, &r.okTint, &r.attentionTint, &r.errorTint, &r.chip, &r.added, &r.removed})
        *tint = r.base;
    for (QColor* lines : {&r.accentTintLine, &r.okLine, &r.attentionLine, &r.errorLine, &r.chipLine})
        *lines = r.text;
    for (QColor* ink : {&r.okInk, &r.attentionInk, &r.errorInk, &r.syntaxKeyword, &r.syntaxString, &r.syntaxName,
                        &r.syntaxNumber, &r.syntaxComment})
        *ink = r.text;
    return r;
}

Roles Roles::derivedFrom(const QPalette& p) {
    const bool isDark = p.color(QPalette::WindowText).lightness() > p.color(QPalette::Window).lightness();
    Roles r = isDark ? darkOnes() : light();
    r.base = p.color(QPalette::Base);
    r.window = p.color(QPalette::Window);
    r.text = p.color(QPalette::Text);
    r.alternate = mixed(r.window, r.base, 0.5);
    r.titleStrip = r.window;
    r.line = mixed(r.text, r.base, 0.18);
    r.lineSoft = mixed(r.text, r.base, 0.10);
    r.textDim = mixed(r.text, r.base, 0.70);
    r.accentFill = p.color(QPalette::Highlight);
    r.onAccent = p.color(QPalette::HighlightedText);
    r.accentTint = r.selection = mixed(r.accentFill, r.base, isDark ? 0.35 : 0.14);
    r.accentTintLine = mixed(r.accentFill, r.base, 0.4);
    r.selectionText = r.text;
    r.okTint = r.added = mixed(r.okInk, r.base, 0.12);
    r.attentionTint = mixed(r.attentionInk, r.base, 0.12);
    r.errorTint = r.removed = mixed(r.errorInk, r.base, 0.12);
    r.okLine = mixed(r.okInk, r.base, 0.4);
    r.attentionLine = mixed(r.attentionInk, r.base, 0.4);
    r.errorLine = mixed(r.errorInk, r.base, 0.4);
    r.chip = mixed(r.text, r.base, 0.08);
    r.chipLine = mixed(r.text, r.base, 0.25);
    return r;
}

QPalette Roles::palette() const {
    QPalette p;
    const auto all = [&p](QPalette::ColorRole role, const QColor& color) { p.setColor(QPalette::All, role, color); };
    all(QPalette::Window, window);
    all(QPalette::Base, base);
    all(QPalette::AlternateBase, alternate);
    all(QPalette::Button, base);
    all(QPalette::WindowText, text);
    all(QPalette::Text, text);
    all(QPalette::ButtonText, text);
    all(QPalette::BrightText, errorInk);
    all(QPalette::PlaceholderText, textDim);
    all(QPalette::Highlight, accentFill);
    all(QPalette::HighlightedText, onAccent);
    all(QPalette::Link, link);
    all(QPalette::LinkVisited, link);
    all(QPalette::Light, base);
    all(QPalette::Midlight, lineSoft);
    all(QPalette::Mid, line);
    all(QPalette::Dark, controlBorder);
    all(QPalette::Shadow, controlBorder);
    all(QPalette::ToolTipBase, base);
    all(QPalette::ToolTipText, text);
    for (const auto role : {QPalette::WindowText, QPalette::Text, QPalette::ButtonText, QPalette::HighlightedText})
        p.setColor(QPalette::Disabled, role, textDisabled);
    return p;
}

ToneColors Roles::tone(Tone tone) const {
    switch (tone) {
    case Tone::Plain:
        return {text, chip, chipLine};
    case Tone::Dim:
        return {textDim, chip, chipLine};
    case Tone::Ok:
        return {okInk, okTint, okLine};
    case Tone::Attention:
        return {attentionInk, attentionTint, attentionLine};
    case Tone::Error:
        return {errorInk, errorTint, errorLine};
    case Tone::Link:
        return {link, accentTint, accentTintLine};
    }
    return {text, chip, chipLine};
}

} // namespace postern::window
