// SPDX-License-Identifier: GPL-3.0-or-later
//
// The look of the whole program: which colours hold now, the style over Fusion, the few font sizes, the icons' door.
//
// Thread: the GUI thread.
#pragma once

#include "window/theme/roles.h"

#include <QFont>
#include <QString>

class QApplication;

namespace postern::window::theme {

enum class Scheme : quint8 { System, Light, Dark, HighContrast };

QString toString(Scheme scheme);            // for postern.ini
Scheme schemeFromString(const QString& text); // unknown = System

// Sets style and palette; again to change the scheme. Loads the icons and the texts' plural forms the first time.
void install(QApplication& app, Scheme scheme);
Scheme scheme();

const Roles& roles();

QFont smallFont();   // captions, second lines
QFont sectionFont(); // body, 600
QFont titleFont();   // page title
QFont bigFont();     // big value
QFont fixedFont();   // literal configuration, protocol and server words

} // namespace postern::window::theme
