// SPDX-License-Identifier: GPL-3.0-or-later
#include "window/theme/theme.h"

#include "window/theme/postern_style.h"

#include <QApplication>
#include <QFontDatabase>
#include <QFontInfo>
#include <QStyleHints>
#include <QTranslator>

static void initResources() { // Q_INIT_RESOURCE wants to stand outside of namespaces
    Q_INIT_RESOURCE(resources);
}

using namespace Qt::StringLiterals;

namespace postern::window::theme {
namespace {

struct State {
    bool installed = false;
    Scheme scheme = Scheme::System;
    QPalette systemPalette;
    Roles roles = Roles::light();
};

State& state() {
    static State s;
    return s;
}

bool systemIsDark() {
#if QT_VERSION >= QT_VERSION_CHECK(6, 5, 0)
    return QGuiApplication::styleHints()->colorScheme() == Qt::ColorScheme::Dark;
#else
    const QPalette& p = state().systemPalette;
    return p.color(QPalette::WindowText).lightness() > p.color(QPalette::Window).lightness();
#endif
}

QFont sized(int change, QFont::Weight weight) {
    QFont font = QApplication::font();
    font.setPixelSize(std::max(9, QFontInfo(font).pixelSize() + change));
    font.setWeight(weight);
    return font;
}

void loadTexts(QApplication& app) {
    // English too has plural forms; other languages replace the whole text.
    for (const QString& name : {u"postern_en"_s, u"postern_"_s + QLocale().name()}) {
        auto* translator = new QTranslator(&app);
        if (translator->load(u":/postern/translations/"_s + name))
            app.installTranslator(translator);
        else
            delete translator;
    }
}

} // namespace

QString toString(Scheme scheme) {
    switch (scheme) {
    case Scheme::System:
        return u"system"_s;
    case Scheme::Light:
        return u"light"_s;
    case Scheme::Dark:
        return u"dark"_s;
    case Scheme::HighContrast:
        return u"contrast"_s;
    }
    return u"system"_s;
}

Scheme schemeFromString(const QString& text) {
    for (const auto scheme : {Scheme::Light, Scheme::Dark, Scheme::HighContrast}) {
        if (toString(scheme) == text)
            return scheme;
    }
    return Scheme::System;
}

void install(QApplication& app, Scheme scheme) {
    State& s = state();
    if (!s.installed) {
        s.installed = true;
        s.systemPalette = QGuiApplication::palette();
        initResources();
        loadTexts(app);
        if (PosternStyle::isOurs())
            QApplication::setStyle(new PosternStyle);
    }
    s.scheme = scheme;
    const bool isDark = scheme == Scheme::Dark || (scheme != Scheme::Light && systemIsDark());
    if (scheme == Scheme::HighContrast)
        s.roles = Roles::contrast(isDark);
    else if (PosternStyle::isOurs())
        s.roles = isDark ? Roles::darkOnes() : Roles::light();
    else
        s.roles = Roles::derivedFrom(s.systemPalette);
    if (PosternStyle::isOurs() || scheme == Scheme::HighContrast)
        QApplication::setPalette(s.roles.palette());
}

Scheme scheme() {
    return state().scheme;
}

const Roles& roles() {
    return state().roles;
}

QFont smallFont() {
    return sized(-1, QFont::Normal);
}

QFont sectionFont() {
    return sized(0, QFont::DemiBold);
}

QFont titleFont() {
    return sized(6, QFont::DemiBold);
}

QFont bigFont() {
    return sized(7, QFont::DemiBold);
}

QFont fixedFont() {
    QFont font = QFontDatabase::systemFont(QFontDatabase::FixedFont);
    font.setPixelSize(std::max(9, QFontInfo(QApplication::font()).pixelSize() - 1));
    return font;
}

} // namespace postern::window::theme
