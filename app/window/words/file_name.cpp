// SPDX-License-Identifier: GPL-3.0-or-later
#include "window/words/file_name.h"

#include "window/words/safe_text.h"

#include <QSet>

using namespace Qt::StringLiterals;

namespace postern::window {
namespace {

constexpr qsizetype kMostName = 120;

// What some desktop runs, or opens as a program's settings, on a double click.
bool isRunnable(const QString& extension) {
    static const QSet<QString> kinds{
        u"desktop"_s, u"exe"_s,  u"com"_s, u"bat"_s, u"cmd"_s,   u"scr"_s, u"pif"_s, u"msi"_s,     u"lnk"_s, u"url"_s,
        u"vbs"_s,     u"vbe"_s,  u"js"_s,  u"jse"_s, u"wsf"_s,   u"wsh"_s, u"hta"_s, u"ps1"_s,     u"jar"_s, u"sh"_s,
        u"run"_s,     u"bin"_s,  u"app"_s, u"dmg"_s, u"pkg"_s,   u"deb"_s, u"rpm"_s, u"appimage"_s, u"py"_s, u"pl"_s,
        u"reg"_s,     u"scf"_s,  u"cpl"_s, u"html"_s, u"htm"_s,  u"svg"_s, u"xhtml"_s, u"command"_s, u"iso"_s, u"chm"_s};
    return kinds.contains(extension.toLower());
}

bool isDeviceName(const QString& stem) {
    static const QSet<QString> devices{u"con"_s, u"prn"_s, u"aux"_s, u"nul"_s};
    const QString lower = stem.toLower();
    return devices.contains(lower) || (lower.size() == 4 && (lower.startsWith(u"com") || lower.startsWith(u"lpt")) &&
                                       lower.at(3).isDigit());
}

} // namespace

QString safeFileName(const QString& suggested, const QString& fallback) {
    QString name = suggested;
    name.replace(u'\\', u'/');
    name = name.section(u'/', -1);
    QString kept;
    for (const QChar c : safeLine(name, 4 * kMostName)) {
        const bool isForbidden = u"<>:\"|?*\x2026"_s.contains(c) || c.category() == QChar::Other_Control;
        kept += isForbidden ? QChar(u'_') : c;
    }
    while (kept.startsWith(u'.') || kept.startsWith(u' '))
        kept.remove(0, 1);
    while (kept.endsWith(u'.') || kept.endsWith(u' '))
        kept.chop(1);
    if (kept.isEmpty())
        return fallback;
    const qsizetype dot = kept.lastIndexOf(u'.');
    QString stem = dot > 0 ? kept.left(dot) : kept;
    const QString extension = dot > 0 ? kept.mid(dot + 1).left(20) : QString();
    if (isDeviceName(stem.section(u'.', 0, 0)))
        stem.prepend(u'_');
    stem = stem.left(kMostName - extension.size() - 1).trimmed();
    if (extension.isEmpty())
        return stem;
    return stem + u'.' + extension + (isRunnable(extension) ? u".saved"_s : QString());
}

} // namespace postern::window
