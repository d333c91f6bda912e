// SPDX-License-Identifier: GPL-3.0-or-later
//
// HTML to plain text by one pass over the characters: no tree, no recursion, nothing loaded, nothing run. Links keep
// their words and show where they lead.
#include "window/caught/mime_reader.h"

#include <QHash>
#include <QSet>

using namespace Qt::StringLiterals;

namespace postern::window::mime {
namespace {

bool breaksLine(const QString& tag) {
    static const QSet<QString> blocks{u"br"_s, u"p"_s,  u"div"_s, u"tr"_s, u"li"_s, u"table"_s, u"ul"_s, u"ol"_s, u"h1"_s, u"h2"_s,
                                      u"h3"_s, u"h4"_s, u"h5"_s,  u"h6"_s, u"hr"_s, u"blockquote"_s, u"pre"_s, u"section"_s, u"article"_s};
    return blocks.contains(tag);
}

bool isDropped(const QString& tag) {
    return tag == u"script" || tag == u"style" || tag == u"title" || tag == u"noscript" || tag == u"template";
}

// "&amp;" at `at`; the text it stands for, "" = not an entity, shown as it is
QString entityAt(QStringView html, qsizetype at, qsizetype* length) {
    const qsizetype end = html.mid(at, 12).indexOf(u';');
    if (end < 2)
        return {};
    const QStringView name = html.mid(at + 1, end - 1);
    *length = end + 1;
    if (name.startsWith(u'#')) {
        const bool isHex = name.size() > 1 && (name.at(1) == u'x' || name.at(1) == u'X');
        bool ok = false;
        const uint code = name.mid(isHex ? 2 : 1).toUInt(&ok, isHex ? 16 : 10);
        if (!ok || code == 0 || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
            return {};
        const char32_t c = code;
        return QString::fromUcs4(&c, 1);
    }
    static const QHash<QString, QString> names{
        {u"amp"_s, u"&"_s},     {u"lt"_s, u"<"_s},         {u"gt"_s, u">"_s},     {u"quot"_s, u"\""_s},  {u"apos"_s, u"'"_s},
        {u"nbsp"_s, u" "_s},    {u"ndash"_s, u"–"_s},      {u"mdash"_s, u"—"_s},  {u"hellip"_s, u"…"_s}, {u"euro"_s, u"€"_s},
        {u"copy"_s, u"©"_s},    {u"reg"_s, u"®"_s},        {u"trade"_s, u"™"_s},  {u"auml"_s, u"ä"_s},   {u"ouml"_s, u"ö"_s},
        {u"uuml"_s, u"ü"_s},    {u"Auml"_s, u"Ä"_s},       {u"Ouml"_s, u"Ö"_s},   {u"Uuml"_s, u"Ü"_s},   {u"szlig"_s, u"ß"_s},
        {u"eacute"_s, u"é"_s},  {u"egrave"_s, u"è"_s},     {u"agrave"_s, u"à"_s}, {u"ccedil"_s, u"ç"_s}, {u"lsquo"_s, u"‘"_s},
        {u"rsquo"_s, u"’"_s},   {u"ldquo"_s, u"“"_s},      {u"rdquo"_s, u"”"_s},  {u"bull"_s, u"•"_s},   {u"middot"_s, u"·"_s},
        {u"pound"_s, u"£"_s},   {u"deg"_s, u"°"_s},        {u"laquo"_s, u"«"_s},  {u"raquo"_s, u"»"_s}};
    return names.value(name.toString());
}

QString hrefOf(QStringView tag) {
    qsizetype at = tag.indexOf(u"href", 0, Qt::CaseInsensitive);
    if (at < 0)
        return {};
    at = tag.indexOf(u'=', at);
    if (at < 0)
        return {};
    QStringView value = tag.mid(at + 1).trimmed();
    if (value.isEmpty())
        return {};
    if (value.front() == u'"' || value.front() == u'\'') {
        const qsizetype end = value.indexOf(value.front(), 1);
        return value.mid(1, (end < 0 ? value.size() : end) - 1).toString();
    }
    const qsizetype end = value.indexOf(u' ');
    return value.left(end < 0 ? value.size() : end).toString();
}

} // namespace

QString plainFromHtml(const QString& html) {
    QString out;
    QString dropUntil; // the tag whose content is not shown
    QString link;
    const auto newLine = [&out] {
        while (out.endsWith(u' '))
            out.chop(1);
        if (!out.isEmpty() && !out.endsWith(u"\n\n"))
            out += u'\n';
    };
    const QStringView all(html);
    for (qsizetype i = 0; i < all.size();) {
        const QChar c = all.at(i);
        if (c == u'<') {
            if (all.mid(i, 4) == u"<!--") {
                const qsizetype end = all.indexOf(u"-->", i + 4);
                i = end < 0 ? all.size() : end + 3;
                continue;
            }
            const qsizetype end = all.indexOf(u'>', i + 1);
            if (end < 0)
                break; // an unfinished tag hides nothing that was meant to be read
            const QStringView inside = all.mid(i + 1, end - i - 1);
            qsizetype n = inside.startsWith(u'/') ? 1 : 0;
            while (n < inside.size() && inside.at(n).isLetterOrNumber())
                ++n;
            const bool isEnd = inside.startsWith(u'/');
            const QString tag = inside.mid(isEnd ? 1 : 0, n - (isEnd ? 1 : 0)).toString().toLower();
            i = end + 1;
            if (!dropUntil.isEmpty()) {
                if (isEnd && tag == dropUntil)
                    dropUntil.clear();
                continue;
            }
            if (!isEnd && isDropped(tag) && !inside.endsWith(u'/')) {
                dropUntil = tag;
            } else if (tag == u"a") {
                if (isEnd && !link.isEmpty() && !out.endsWith(link))
                    out += u" <"_s + link.left(500) + u">"_s;
                link = isEnd ? QString() : hrefOf(inside);
            } else if (breaksLine(tag)) {
                newLine();
                if (tag == u"li" && !isEnd)
                    out += u"• "_s;
            } else if (tag == u"td" || tag == u"th") {
                out += u' ';
            }
            continue;
        }
        if (!dropUntil.isEmpty()) {
            ++i;
            continue;
        }
        if (c == u'&') {
            qsizetype length = 1;
            const QString entity = entityAt(all, i, &length);
            out += entity.isEmpty() ? u"&"_s : entity;
            i += entity.isEmpty() ? 1 : length;
            continue;
        }
        if (c.isSpace()) {
            if (!out.isEmpty() && !out.endsWith(u' ') && !out.endsWith(u'\n'))
                out += u' ';
        } else {
            out += c;
        }
        ++i;
    }
    return out.trimmed();
}

} // namespace postern::window::mime
