// SPDX-License-Identifier: GPL-3.0-or-later
#include "window/queue/queue_reason.h"

#include "window/words/phrases.h"
#include "window/words/safe_text.h"

#include <QCoreApplication>
#include <QRegularExpression>

using namespace Qt::StringLiterals;

namespace postern::window {
namespace {

struct Words {
    Q_DECLARE_TR_FUNCTIONS(Queue)
};

enum class Trouble : quint8 { None, SignIn, SlowDown, Unreachable, Certificate, MailboxFull, TurnedDown, Other };

struct Answer {
    QString code;     // "450", "" if no reply
    QString enhanced; // "4.7.1"
};

Answer answerIn(const QString& error) {
    // Only where a reply stands, after "NAME said: " or alone: ports and addresses hold such numbers, too.
    static const QRegularExpression reply(u"(?:^|said: )([245]\\d\\d)(?:[ -]([245]\\.\\d{1,3}\\.\\d{1,3}))?\\b"_s);
    const auto match = reply.match(error.left(300));
    return match.hasMatch() ? Answer{match.captured(1), match.captured(2)} : Answer{};
}

Trouble troubleIn(const QString& error, const Answer& answer) {
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

QString titleFor(Trouble trouble, const QString& who) {
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

QString meaningFor(Trouble trouble) {
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

} // namespace

QueueReason reasonOf(const control::QueueRow& row, bool sendingPaused, const QString& relayTrouble) {
    if (row.state == u"held")
        return {u"held"_s,  5, Tone::Dim, u"hold"_s, Words::tr("You are holding these"),
                Words::tr("They stay here until you release them."), Cure::Release};
    if (row.state == u"sending")
        return {u"sending"_s, 4, Tone::Ok, u"running"_s, Words::tr("Being sent now"), {}, Cure::None};
    if (sendingPaused)
        return {u"paused"_s, 0, Tone::Attention, u"hold"_s, Words::tr("Sending is paused"),
                Words::tr("Nothing leaves until you resume. Mail is still taken in."), Cure::ResumeSending};
    const QString& error = row.lastError.isEmpty() ? relayTrouble : row.lastError;
    const Answer answer = answerIn(error);
    const Trouble trouble = troubleIn(error, answer);
    if (trouble == Trouble::None)
        return {u"turn"_s, 3, Tone::Link, u"waiting"_s, titleFor(trouble, {}),
                Words::tr("Not tried yet; they leave by themselves."), Cure::TryNow};
    const qsizetype at = row.recipient.lastIndexOf(u'@');
    const QString who = !row.relay.isEmpty() ? relayWords(row.relay) : safeLine(row.recipient.mid(at + 1));
    QueueReason reason;
    reason.key = u"%1|%2|%3|%4"_s.arg(row.relay.isEmpty() ? who : row.relay, QString::number(static_cast<int>(trouble)), answer.code, answer.enhanced);
    reason.rank = needsPerson(trouble) ? 1 : 2;
    reason.tone = needsPerson(trouble) ? Tone::Attention : Tone::Link;
    reason.icon = needsPerson(trouble) ? u"attention"_s : u"waiting"_s;
    reason.title = titleFor(trouble, isolated(who));
    const QString words = leftToRight(safeLine(error, 300));
    reason.detail = (answer.code.isEmpty() ? Words::tr("What happened: “%1”.") : Words::tr("Their words: “%1”.")).arg(words) +
                    u" "_s + meaningFor(trouble);
    reason.cure = Cure::TryNow;
    return reason;
}

bool isTheirAnswer(const QString& error) {
    return !answerIn(error).code.isEmpty();
}

RowState rowState(const control::QueueRow& row) {
    if (row.state == u"held")
        return {Tone::Dim, u"hold"_s, Words::tr("held")};
    if (row.state == u"sending")
        return {Tone::Ok, u"running"_s, Words::tr("sending")};
    if (row.state == u"caught")
        return {Tone::Ok, u"deliver"_s, Words::tr("caught")};
    const bool isPersonal = needsPerson(troubleIn(row.lastError, answerIn(row.lastError)));
    return {isPersonal ? Tone::Attention : Tone::Link, isPersonal ? u"attention"_s : u"waiting"_s, Words::tr("waiting")};
}

QString nextTryWords(const control::QueueRow& row, bool sendingPaused, qint64 now) {
    if (row.state == u"held")
        return Words::tr("on release");
    if (row.state == u"sending")
        return Words::tr("now");
    if (row.state == u"caught")
        return {};
    if (sendingPaused)
        return Words::tr("paused");
    return row.nextTryAt <= now ? Words::tr("now") : whenWords(row.nextTryAt, now);
}

QString cureWords(Cure cure) {
    switch (cure) {
    case Cure::None:
        return {};
    case Cure::TryNow:
        return Words::tr("Try now");
    case Cure::Release:
        return Words::tr("Release");
    case Cure::ResumeSending:
        return Words::tr("Resume");
    }
    return {};
}

} // namespace postern::window
