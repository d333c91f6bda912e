// SPDX-License-Identifier: GPL-3.0-or-later
#include "window/queue/queue_reason.h"

#include "window/words/phrases.h"
#include "window/words/safe_text.h"
#include "window/words/trouble.h"

#include <QCoreApplication>

using namespace Qt::StringLiterals;

namespace postern::window {
namespace {

struct Words {
    Q_DECLARE_TR_FUNCTIONS(Queue)
};

} // namespace

QueueReason reasonOf(const control::QueueRow& row, bool sendingPaused, const QString& relayTrouble) {
    if (row.state == u"held")
        return {u"held"_s,  5, Tone::Dim, u"hold"_s, Words::tr("You are holding these"),
                Words::tr("They stay here until you release them."), Cure::Release};
    if (row.state == u"sending")
        return {u"sending"_s, 4, Tone::Ok, u"running"_s, Words::tr("Being sent now"), {}, Cure::None};
    if (sendingPaused && !row.isHere())
        return {u"paused"_s, 0, Tone::Attention, u"hold"_s, Words::tr("Sending is paused"),
                Words::tr("Nothing leaves until you resume. Mail is still taken in."), Cure::ResumeSending};
    const QString& error = row.lastError.isEmpty() ? relayTrouble : row.lastError;
    const Answer answer = answerIn(error);
    const Trouble trouble = troubleIn(error);
    if (trouble == Trouble::None)
        return {u"turn"_s, 3, Tone::Link, u"waiting"_s, troubleTitle(trouble, {}),
                Words::tr("Not tried yet; they leave by themselves."), Cure::TryNow};
    const qsizetype at = row.recipient.lastIndexOf(u'@');
    const QString who = !row.relay.isEmpty() ? relayWords(row.relay) : safeLine(row.recipient.mid(at + 1));
    QueueReason reason;
    reason.key = u"%1|%2|%3|%4"_s.arg(row.relay.isEmpty() ? who : row.relay, QString::number(static_cast<int>(trouble)), answer.code, answer.enhanced);
    reason.rank = needsPerson(trouble) ? 1 : 2;
    reason.tone = needsPerson(trouble) ? Tone::Attention : Tone::Link;
    reason.icon = needsPerson(trouble) ? u"attention"_s : u"waiting"_s;
    reason.title = troubleTitle(trouble, isolated(who));
    const QString words = leftToRight(safeLine(error, 300));
    reason.detail = (answer.code.isEmpty() ? Words::tr("What happened: “%1”.") : Words::tr("Their words: “%1”.")).arg(words) +
                    u" "_s + troubleMeaning(trouble);
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
    const bool isPersonal = needsPerson(troubleIn(row.lastError));
    return {isPersonal ? Tone::Attention : Tone::Link, isPersonal ? u"attention"_s : u"waiting"_s, Words::tr("waiting")};
}

QString nextTryWords(const control::QueueRow& row, bool sendingPaused, qint64 now) {
    if (row.state == u"held")
        return Words::tr("on release");
    if (row.state == u"sending")
        return Words::tr("now");
    if (row.state == u"caught")
        return {};
    if (sendingPaused && !row.isHere())
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
