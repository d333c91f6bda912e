// SPDX-License-Identifier: GPL-3.0-or-later
#include "window/message/story.h"

#include "window/queue/queue_reason.h"
#include "window/words/phrases.h"
#include "window/words/safe_text.h"
#include "window/words/trouble.h"

#include <QCoreApplication>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace postern::window {
namespace {

struct Words {
    Q_DECLARE_TR_FUNCTIONS(Story)
};

// Today only the time; else the date too.
QString stepTime(qint64 at, qint64 now) {
    const QString when = whenWords(at, now);
    return when == clockTime(at) ? clockTimeSeconds(at) : when;
}

// A try that did not work: refused by the other side, or never got that far.
void tellTry(StoryStep& step, const QString& error, const QString& who) {
    step.isTheirs = isTheirAnswer(error);
    const Trouble trouble = troubleIn(error);
    if (trouble == Trouble::None || trouble == Trouble::Other || trouble == Trouble::TurnedDown)
        step.fact = step.isTheirs ? Words::tr("The other side did not take it") : Words::tr("This try did not work");
    else
        step.fact = troubleTitle(trouble, who);
    step.advice = troubleMeaning(trouble);
}

// Whom this message was tried at, in a sentence.
QString whoOf(const QList<control::QueueRow>& rows) {
    const QString relay = rows.isEmpty() ? QString() : rows.first().relay;
    return relay.isEmpty() ? Words::tr("The other side") : isolated(relayWords(relay));
}

StoryStep stepOf(const control::ActivityEvent& event, const QString& who, qint64 now) {
    StoryStep step;
    step.time = stepTime(event.at, now);
    step.reason = isolated(safeLine(event.text, 500));
    step.words = safeBody(event.detail, 4000);
    step.tone = Tone::Ok;
    step.icon = u"ok"_s;
    if (event.kind == u"session") {
        step.fact = Words::tr("Connected");
    } else if (event.kind == u"taken") {
        step.fact = Words::tr("Taken in and written to disk");
    } else if (event.kind == u"caught") {
        step.fact = Words::tr("Caught for reading");
        step.icon = u"deliver"_s;
    } else if (event.kind == u"delivered") {
        step.fact = Words::tr("Delivered");
    } else if (event.kind == u"delayed") {
        tellTry(step, event.detail.isEmpty() ? event.text : event.detail, who);
        step.tone = Tone::Attention;
        step.icon = u"attention"_s;
    } else if (event.kind == u"bounced") {
        step.fact = Words::tr("Given up and sent back to the sender");
        step.tone = Tone::Error;
        step.icon = u"error"_s;
    } else if (event.kind == u"notice") {
        step.fact = Words::tr("The sender is told");
        step.icon = u"mail"_s;
    } else if (event.kind == u"refused") {
        step.fact = Words::tr("Refused");
        step.tone = Tone::Error;
        step.icon = u"refuse"_s;
    } else {
        step.fact = step.reason;
        step.reason.clear();
        step.tone = Tone::Dim;
        step.icon = u"info"_s;
    }
    return step;
}

StoryStep takenFrom(const control::QueueRow& row, qint64 now) {
    StoryStep step;
    step.time = stepTime(row.createdAt, now);
    step.tone = Tone::Ok;
    step.icon = u"ok"_s;
    step.fact = Words::tr("Taken in and written to disk");
    QStringList parts;
    if (!row.client.isEmpty())
        parts << Words::tr("from %1").arg(leftToRight(safeLine(row.client)));
    if (!row.user.isEmpty())
        parts << Words::tr("signed in as %1").arg(isolated(safeLine(row.user)));
    step.reason = parts.join(u", "_s);
    return step;
}

StoryStep lastTry(const control::QueueRow& row, qint64 now) {
    StoryStep step;
    step.time = stepTime(row.lastTryAt, now);
    step.tone = Tone::Attention;
    step.icon = u"attention"_s;
    tellTry(step, row.lastError, whoOf({row}));
    step.reason = row.relay.isEmpty() ? QString() : Words::tr("through %1").arg(isolated(relayWords(row.relay)));
    step.words = safeBody(row.lastError, 4000);
    return step;
}

StoryStep nextStep(const control::QueueRow& row, bool sendingPaused, qint64 now) {
    StoryStep step;
    step.time = Words::tr("next");
    step.icon = u"not-asked"_s;
    const QString to = leftToRight(safeLine(row.recipient));
    if (row.state == u"held") {
        step.fact = Words::tr("Goes out when you release it");
        step.reason = to;
    } else if (row.state == u"sending") {
        step.fact = Words::tr("Being sent now");
        step.reason = to;
        step.icon = u"running"_s;
    } else if (row.state == u"caught") {
        step.fact = Words::tr("Stays here for reading until you remove it");
        step.reason = Words::tr("It is not sent to %1.").arg(to);
    } else if (sendingPaused && !row.isHere()) {
        step.fact = Words::tr("Goes out when sending is resumed");
        step.reason = to;
    } else {
        step.fact = row.nextTryAt <= now ? Words::tr("The next try is now")
                                         : Words::tr("The next try is at %1").arg(whenWords(row.nextTryAt, now));
        step.reason = row.expiresAt > 0 ? Words::tr("Postern keeps trying %1 until %2, then it tells the sender.")
                                              .arg(to, whenWords(row.expiresAt, now))
                                        : to;
    }
    return step;
}

} // namespace

QList<StoryStep> storyOf(const QList<control::QueueRow>& rows, const QList<control::ActivityEvent>& events,
                         bool sendingPaused, qint64 now) {
    QList<StoryStep> steps;
    QList<control::ActivityEvent> own = events;
    std::stable_sort(own.begin(), own.end(), [](const auto& a, const auto& b) { return a.serial < b.serial; });
    const auto has = [&own](QStringView kind) {
        return std::any_of(own.begin(), own.end(), [kind](const auto& e) { return e.kind == kind; });
    };
    if (!rows.isEmpty() && !has(u"taken") && !has(u"caught"))
        steps.append(takenFrom(rows.first(), now));
    for (const auto& event : std::as_const(own))
        steps.append(stepOf(event, whoOf(rows), now));
    if (!has(u"delayed")) {
        for (const auto& row : rows) {
            if (!row.lastError.isEmpty())
                steps.append(lastTry(row, now));
        }
    }
    for (qsizetype i = steps.size(); i-- > 0;) {
        if (steps.at(i).tone != Tone::Attention)
            continue;
        steps[i].isOpen = !rows.isEmpty(); // the newest trouble, while the message still waits
        break;
    }
    for (const auto& row : rows)
        steps.append(nextStep(row, sendingPaused, now));
    return steps;
}

QList<Fact> factsOf(const QList<control::QueueRow>& rows, qint64 now) {
    if (rows.isEmpty())
        return {};
    const auto& row = rows.first();
    QStringList to;
    for (const auto& one : rows.mid(0, 20))
        to << leftToRight(safeLine(one.recipient));
    if (rows.size() > 20)
        to << Words::tr("and %n more", "recipients", static_cast<int>(rows.size()) - 20);
    QList<Fact> facts{{Words::tr("From"), row.sender.isEmpty() ? Words::tr("empty (a notice)") : leftToRight(safeLine(row.sender))},
                      {Words::tr("To"), to.join(u'\n')}};
    if (!row.client.isEmpty())
        facts.append({Words::tr("Came from"), leftToRight(safeLine(row.client))});
    if (!row.user.isEmpty())
        facts.append({Words::tr("Signed in as"), isolated(safeLine(row.user))});
    QStringList ends; // where aliases led
    for (const auto& one : rows.mid(0, 20))
        if (one.destination != one.recipient && !one.destination.isEmpty())
            ends << leftToRight(safeLine(one.destination));
    if (!ends.isEmpty())
        facts.append({Words::tr("Goes to"), ends.join(u'\n')});
    if (!row.relay.isEmpty())
        facts.append({row.isHere() ? Words::tr("Delivered by") : Words::tr("Relay"), leftToRight(safeLine(row.relay))});
    facts.append({Words::tr("Queue number"), leftToRight(safeLine(row.message)), true});
    facts.append({Words::tr("Size"), sizeWords(row.size)});
    if (row.state != u"caught") {
        facts.append({Words::tr("Tries"), countWords(row.tries)});
        if (row.expiresAt > 0)
            facts.append({Words::tr("Kept until"), whenWords(row.expiresAt, now)});
    }
    return facts;
}

StandWords standOf(const QList<control::QueueRow>& rows) {
    if (rows.isEmpty())
        return {Tone::Ok, u"ok"_s, Words::tr("No longer in the queue")};
    const RowState state = rowState(rows.first());
    if (rows.first().state == u"caught")
        return {Tone::Ok, u"deliver"_s, Words::tr("Caught, safe on this computer")};
    if (rows.first().state == u"held")
        return {Tone::Attention, u"hold"_s, Words::tr("On hold, safe on this computer")};
    if (rows.first().state == u"sending")
        return {Tone::Ok, u"running"_s, Words::tr("Being sent, safe on this computer")};
    return {state.tone, state.icon, Words::tr("Waiting, safe on this computer")};
}

} // namespace postern::window
