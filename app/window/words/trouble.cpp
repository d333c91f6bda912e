// SPDX-License-Identifier: GPL-3.0-or-later
#include "window/words/trouble.h"

#include <QCoreApplication>
#include <QRegularExpression>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace postern::window {
namespace {

struct Words {
    Q_DECLARE_TR_FUNCTIONS(Queue)
};

} // namespace

Answer answerIn(const QString& error) {
    // Only where a reply stands, after "NAME said: " or alone: ports and addresses hold such numbers, too.
    static const QRegularExpression reply(u"(?:^|said: )([245]\\d\\d)(?:[ -]([245]\\.\\d{1,3}\\.\\d{1,3}))?\\b"_s);
    const auto match = reply.match(error.left(300));
    return match.hasMatch() ? Answer{match.captured(1), match.captured(2)} : Answer{};
}

Trouble troubleIn(const QString& error) {
    const Answer answer = answerIn(error);
    const QString text = error.left(400).toLower();
    const auto says = [&text](std::initializer_list<QStringView> words) {
        return std::any_of(words.begin(), words.end(), [&](QStringView w) { return text.contains(w); });
    };
    if (error.isEmpty())
        return Trouble::None;
    if (says({u"certificate", u"peer verification", u"untrusted", u"self-signed", u"self signed"}))
        return Trouble::Certificate;
    if (answer.code == u"535" || answer.code == u"534" || answer.code == u"530" || answer.code == u"538" ||
        answer.code == u"454" || says({u"credential", u"authentication"}))
        return Trouble::SignIn;
    if (answer.code == u"452" || answer.enhanced == u"4.2.2")
        return Trouble::MailboxFull;
    if (answer.code == u"421" || answer.code == u"450" || answer.code == u"451" || answer.enhanced.startsWith(u"4.7."))
        return Trouble::SlowDown;
    if (answer.code.startsWith(u'4') || answer.code.startsWith(u'5'))
        return Trouble::TurnedDown;
    if (says({u"refused", u"timed out", u"time-out", u"timeout", u"unreachable", u"no route", u"cannot be reached",
              u"not found", u"dns", u"connect", u"reset"}))
        return Trouble::Unreachable;
    return Trouble::Other;
}

QString troubleTitle(Trouble trouble, const QString& who) {
    switch (trouble) {
    case Trouble::None:
        return Words::tr("Waiting for their turn");
    case Trouble::SignIn:
        return Words::tr("%1 does not accept the sign-in").arg(who);
    case Trouble::SlowDown:
        return Words::tr("%1 asked us to come back later").arg(who);
    case Trouble::Unreachable:
        return Words::tr("%1 cannot be reached").arg(who);
    case Trouble::Certificate:
        return Words::tr("%1 could not prove who it is").arg(who);
    case Trouble::MailboxFull:
        return Words::tr("%1 has no room for these now").arg(who);
    case Trouble::TurnedDown:
        return Words::tr("%1 did not take these yet").arg(who);
    case Trouble::Other:
        return Words::tr("%1: the last try did not work").arg(who);
    }
    return who;
}

QString troubleMeaning(Trouble trouble) {
    switch (trouble) {
    case Trouble::SignIn:
        return Words::tr("Check user name and password in the table of secrets.");
    case Trouble::Certificate:
        return Words::tr("Nothing is sent to a server that cannot prove its name.");
    case Trouble::None:
    case Trouble::SlowDown:
    case Trouble::Unreachable:
    case Trouble::MailboxFull:
    case Trouble::TurnedDown:
    case Trouble::Other:
        return Words::tr("Postern tries again by itself.");
    }
    return {};
}

bool needsPerson(Trouble trouble) {
    return trouble == Trouble::SignIn || trouble == Trouble::Certificate;
}

} // namespace postern::window
