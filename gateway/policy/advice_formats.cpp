// SPDX-License-Identifier: GPL-3.0-or-later
//
// Paths and commands with %-formats that are not filled in as somebody meant: letters of 2012, names nobody knows.
#include "base/log.h"
#include "config/suggest.h"
#include "policy/advice.h"

#include <QByteArrayList>

namespace postern::policy {
namespace {

using config::Clause;
using config::ClauseKind;
using config::StatementView;

QByteArray nameOfLetter(char letter) {
    switch (letter) {
    case 'a': return "user.username";
    case 'u': return "dest.user";
    case 'd': return "dest.domain";
    case 'U': return "sender.user";
    case 'D': return "sender.domain";
    }
    return {};
}

void lookAtToken(Build& build, const StatementView& at, const config::Value& value, const QByteArray& inside, bool isCommand) {
    static const QByteArrayList kNames{"sender", "sender.user", "sender.domain", "rcpt",          "rcpt.user",      "rcpt.domain",
                                       "dest",   "dest.user",   "dest.domain",   "user.username", "user.directory", "mbox.from"};
    static const QByteArrayList kModifiers{"lowercase", "uppercase", "strip", "raw"};
    qsizetype end = 0;
    while (end < inside.size() && inside[end] != '[' && inside[end] != ':')
        ++end;
    const QByteArray name = inside.first(end);
    if (!kNames.contains(name.toLower())) {
        build.report.say(config::Severity::Warning, at, value.range,
                         "nobody knows %{" + harmless(name, 60) + "}; a delivery with it fails", config::nearest(name, kNames));
        return;
    }
    const qsizetype colon = inside.indexOf(':', inside.contains(']') ? inside.indexOf(']') : end);
    if (colon < 0)
        return;
    if (inside[end] == '[')
        build.report.say(config::Severity::Warning, at, value.range,
                         "%{" + harmless(inside, 60) + "}: part of a value and a change of it can't stand together; a delivery with it fails");
    for (const QByteArray& modifier : inside.sliced(colon + 1).split('|')) {
        if (!kModifiers.contains(modifier.toLower()))
            build.report.say(config::Severity::Warning, at, value.range,
                             "nobody knows the change \"" + harmless(modifier, 60) + "\" of %{" + harmless(name, 60) +
                                 "}; a delivery with it fails",
                             config::nearest(modifier, kModifiers));
        else if (isCommand && modifier.toLower() == "raw" && !name.toLower().startsWith("user."))
            build.report.say(config::Severity::Warning, at, value.range,
                             "%{" + harmless(inside, 60) + "} hands what a stranger wrote to a shell, $ and ` among it: leave \"raw\" out, or use "
                             "\"$SENDER\", \"$RECIPIENT\" and \"$ORIGINAL_RECIPIENT\", which every command has");
    }
}

void lookAtFormat(Build& build, const StatementView& at, const config::Value& value, bool isCommand) {
    const QByteArray& text = value.text;
    for (qsizetype i = 0; i + 1 < text.size(); ++i) {
        if (text[i] != '%')
            continue;
        if (text[i + 1] == '{') {
            const qsizetype end = text.indexOf('}', i);
            if (end < 0) {
                build.report.say(config::Severity::Warning, at, value.range, "\"%{\" without \"}\": nothing of this text is filled in");
                return;
            }
            lookAtToken(build, at, value, text.mid(i + 2, end - i - 2), isCommand);
            i = end;
        } else if (const QByteArray name = nameOfLetter(text[i + 1]); !name.isEmpty()) {
            build.report.say(config::Severity::Warning, at, value.range,
                             "%" + QByteArray(1, text[i + 1]) + " was filled in in 2012; since 5.3 it stands for itself: write %{" + name + "}");
            return;
        } else if (text[i + 1] == '%') {
            ++i;
        }
    }
}

} // namespace

void Advice::lookAtFormats(const StatementView& statement) {
    if (m_build.era() == Era::Map2012)
        return;
    for (const ClauseKind kind : {ClauseKind::Maildir, ClauseKind::Mda, ClauseKind::Lmtp}) {
        const Clause* clause = statement.clause(kind);
        if (clause && clause->value())
            lookAtFormat(m_build, statement, *clause->value(), kind == ClauseKind::Mda);
    }
}

} // namespace postern::policy
