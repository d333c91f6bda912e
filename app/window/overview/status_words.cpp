// SPDX-License-Identifier: GPL-3.0-or-later
#include "window/overview/status_words.h"

#include "window/overview/needs_you.h"
#include "window/words/phrases.h"
#include "window/words/safe_text.h"

#include <QCoreApplication>
#include <QFileInfo>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace postern::window {
namespace {

struct Words {
    Q_DECLARE_TR_FUNCTIONS(Status)
};

constexpr int kMostLines = 40;           // of one section; more would bury the page
constexpr qint64 kLittleDisk = 1'000'000'000; // octets; below, the line asks for a person

QString tlsWords(const control::ListenerStatus& listener) {
    if (listener.tls == u"wrapped")
        return Words::tr("encrypted from the start");
    if (listener.tls == u"starttls-required")
        return Words::tr("encrypted only");
    if (listener.tls == u"starttls")
        return Words::tr("encrypted if asked");
    return Words::tr("not encrypted");
}

QString authWords(const control::ListenerStatus& listener) {
    if (listener.auth == u"required")
        return Words::tr("sign-in needed");
    if (listener.auth == u"optional")
        return Words::tr("sign-in possible");
    return {};
}

// It had an error when Postern started, so that there is none to work by.
bool isConfigMissing(const control::Status& status) {
    return status.configLoadedAt == 0 &&
           std::any_of(status.problems.begin(), status.problems.end(), [](const auto& p) { return isProblemAbout(p.id, u"config"); });
}

StatusLine listenerLine(const control::ListenerStatus& listener, qint64 now) {
    StatusLine line;
    line.id = u"listener:"_s + listener.address + u":"_s + QString::number(listener.port);
    line.name = safeLine(listener.name);
    line.tone = listener.open ? Tone::Ok : Tone::Error;
    line.icon = listener.open ? u"ok"_s : u"error"_s;
    line.state = listener.open ? Words::tr("Open") : Words::tr("Not open");
    if (listener.open) {
        QStringList parts{Words::tr("port %1").arg(listener.port), tlsWords(listener), authWords(listener)};
        if (listener.sessions > 0) // last: it may be elided, "not encrypted" may not
            parts << Words::tr("%n connected now", nullptr, listener.sessions);
        parts.removeAll(QString());
        line.detail = parts.join(u" · "_s);
        line.time = listener.lastAt > 0 ? whenWords(listener.lastAt, now) : QString();
    } else {
        line.detail = safeLine(listener.detail);
    }
    line.toolTip = Words::tr("%1, port %2").arg(leftToRight(listener.address)).arg(listener.port);
    if (!listener.where.isEmpty())
        line.toolTip += u" · "_s + leftToRight(listener.where);
    if (!listener.detail.isEmpty())
        line.toolTip += u"\n"_s + safeLine(listener.detail);
    return line;
}

StatusLine relayLine(const control::RelayStatus& relay, bool isPaused, qint64 now) {
    StatusLine line;
    line.id = relay.id();
    line.name = relayWords(relay.name);
    const bool isFailing = relay.state == u"failing";
    const bool isDeferring = relay.state == u"deferring";
    if (isPaused) {
        line.tone = Tone::Attention;
        line.icon = u"hold"_s;
        line.state = Words::tr("Paused");
    } else if (isFailing) {
        line.tone = Tone::Attention;
        line.icon = u"attention"_s;
        line.state = Words::tr("Waiting", "state of a relay that does not take mail now");
    } else if (isDeferring) {
        line.icon = u"waiting"_s;
        line.state = Words::tr("Says: later", "state of a relay that answers and puts off what waits for it");
    } else {
        const bool isIdle = relay.state == u"idle";
        line.tone = isIdle ? Tone::Dim : Tone::Ok;
        line.icon = isIdle ? u"not-asked"_s : u"ok"_s;
        line.state = isIdle ? Words::tr("Idle", "state of a relay with nothing to send") : Words::tr("Working");
    }
    QStringList parts;
    if (!relay.way.isEmpty())
        parts << safeLine(relay.way);
    if (relay.waiting > 0)
        parts << Words::tr("%n waiting", nullptr, relay.waiting);
    if ((isFailing || isDeferring) && !relay.detail.isEmpty()) // what was wrong before it worked again is in the tool tip
        parts << safeLine(relay.detail);
    line.detail = parts.join(u" · "_s);
    if (relay.lastSentAt > 0)
        line.time = Words::tr("sent %1").arg(whenWords(relay.lastSentAt, now));
    line.toolTip = leftToRight(safeLine(relay.name));
    if (!relay.detail.isEmpty())
        line.toolTip += u"\n"_s + safeLine(relay.detail);
    return line;
}

} // namespace

QString pausedWords(const LinkState& link) {
    return link.pausedUntil > 0 ? Words::tr("Sending is paused until %1").arg(clockTime(link.pausedUntil))
                                : Words::tr("Sending is paused");
}

StateWords stateWords(const LinkState& link, const control::Status& status) {
    if (!link.isThere)
        return link.wasEverThere || !link.reason.isEmpty()
                   ? StateWords{Tone::Error, u"error"_s, Words::tr("Not running")}
                   : StateWords{Tone::Dim, u"running"_s, Words::tr("Connecting…")};
    const auto isError = [](const control::Problem& p) { return p.gravity == control::Gravity::Error; };
    if (std::any_of(status.problems.begin(), status.problems.end(), isError))
        return {Tone::Error, u"error"_s, Words::tr("Something is not working")};
    if (!status.problems.isEmpty())
        return {Tone::Attention, u"attention"_s, Words::tr("Needs attention")};
    if (status.smtpPaused)
        return {Tone::Attention, u"hold"_s, Words::tr("Receiving is paused")};
    if (status.relayPaused)
        return {Tone::Attention, u"hold"_s, pausedWords(link)};
    return {Tone::Ok, u"ok"_s, Words::tr("Everything is working")};
}

StateWords receivingWords(const LinkState& link, const control::Status& status) {
    if (!link.isThere)
        return {Tone::Error, u"error"_s, Words::tr("Not receiving")};
    if (status.smtpPaused)
        return {Tone::Attention, u"hold"_s, Words::tr("Receiving is paused")};
    const auto open = std::count_if(status.listeners.begin(), status.listeners.end(), [](const auto& l) { return l.open; });
    if (open == 0)
        return {Tone::Error, u"error"_s, Words::tr("Not receiving")};
    const auto n = static_cast<int>(open);
    if (open < status.listeners.size())
        return {Tone::Error, u"error"_s,
                Words::tr("Receiving on %1 of %n listener(s)", nullptr, static_cast<int>(status.listeners.size())).arg(n)};
    return {Tone::Ok, u"ok"_s, Words::tr("Receiving on %n listener(s)", nullptr, n)};
}

StateWords queueWords(const LinkState& link, const control::Status& status) {
    if (!link.isThere)
        return {Tone::Dim, {}, {}};
    const int all = status.waiting + status.inFlight + status.held;
    if (all == 0)
        return {Tone::Dim, {}, Words::tr("Nothing is waiting")};
    const QString queued = Words::tr("%n in the queue", nullptr, all);
    const QString words = status.held > 0 ? Words::tr("%1, %2 on hold", "%1 = '15 in the queue'").arg(queued).arg(status.held)
                                          : queued;
    return queueNeedsPerson(status) ? StateWords{Tone::Attention, u"hold"_s, words}
                                    : StateWords{Tone::Dim, u"waiting"_s, words};
}

QString sendingWords(const LinkState& link, const control::Status& status) {
    if (!link.isThere)
        return {};
    if (status.relayPaused)
        return Words::tr("Sending is paused");
    if (status.inFlight > 0)
        return Words::tr("Sending %n message(s) now", nullptr, status.inFlight);
    if (status.catchesMail && !status.sendsMail)
        return Words::tr("%n caught for reading", nullptr, status.caught);
    return Words::tr("%n delivered today", nullptr, static_cast<int>(status.today.delivered));
}

QString whereWords(const LinkState& link) {
    if (!link.isThere)
        return {};
    return link.inProcess ? Words::tr("Running in this program") : Words::tr("Attached to a running gateway");
}

bool queueNeedsPerson(const control::Status& status) {
    return std::any_of(status.problems.begin(), status.problems.end(),
                       [](const auto& p) { return isAboutQueue(p.id); });
}

QList<StatusLine> comingIn(const control::Status& status, qint64 now) {
    QList<StatusLine> lines;
    for (const auto& listener : status.listeners.mid(0, kMostLines))
        lines.append(listenerLine(listener, now));
    if (lines.isEmpty()) {
        StatusLine none;
        none.tone = Tone::Error;
        none.icon = u"error"_s;
        none.name = Words::tr("No listener");
        none.state = Words::tr("Not open");
        none.detail = isConfigMissing(status) ? Words::tr("smtpd.conf has an error")
                                              : Words::tr("smtpd.conf has no “listen on” line, so no mail can come in.");
        lines.append(none);
    }
    return lines;
}

QList<StatusLine> goingOut(const control::Status& status, qint64 now) {
    QList<StatusLine> lines;
    for (const auto& relay : status.relays.mid(0, kMostLines))
        lines.append(relayLine(relay, status.relayPaused, now));
    if (status.relays.size() > kMostLines) {
        StatusLine more;
        more.icon = u"info"_s;
        more.name = Words::tr("%n more", "relays", static_cast<int>(status.relays.size()) - kMostLines);
        lines.append(more);
    }
    if (lines.isEmpty()) {
        const bool onlyCatches = status.catchesMail && !status.sendsMail;
        StatusLine none;
        none.icon = u"not-asked"_s;
        const bool isMissing = isConfigMissing(status);
        none.name = isMissing     ? Words::tr("Nothing is sent")
                    : onlyCatches ? Words::tr("Nothing leaves this computer") : Words::tr("Nothing sent yet");
        none.state = Words::tr("Idle", "state of a relay with nothing to send");
        none.detail = isMissing     ? Words::tr("smtpd.conf has an error")
                      : onlyCatches ? Words::tr("mail is caught for reading") : Words::tr("a relay appears here with its first message");
        if (onlyCatches) {
            none.tone = Tone::Ok;
            none.icon = u"ok"_s;
            none.state = Words::tr("Caught", "state: mail is kept for reading instead of sent");
            none.id = u"caught"_s;
        }
        lines.append(none);
    }
    return lines;
}

QList<StatusLine> thisComputer(const control::Status& status, qint64 now) {
    StatusLine disk;
    disk.id = u"folder"_s;
    disk.name = Words::tr("Queue disk");
    const bool isFailed = std::any_of(status.problems.begin(), status.problems.end(),
                                      [](const auto& p) { return isProblemAbout(p.id, u"disk"); });
    const bool isLittle = status.diskFree > 0 && status.diskFree < kLittleDisk;
    disk.tone = isFailed ? Tone::Error : isLittle ? Tone::Attention : Tone::Ok;
    disk.icon = isFailed ? u"error"_s : isLittle ? u"attention"_s : u"ok"_s;
    disk.state = isFailed ? Words::tr("Problem") : isLittle ? Words::tr("Nearly full") : Words::tr("Enough");
    disk.detail = status.diskFree > 0 ? Words::tr("%1 free").arg(sizeWords(status.diskFree)) : QString();
    disk.toolTip = leftToRight(status.profile);

    StatusLine config;
    config.id = u"config"_s;
    config.name = Words::tr("Configuration");
    const bool isBad = std::any_of(status.problems.begin(), status.problems.end(),
                                   [](const auto& p) { return isProblemAbout(p.id, u"config"); });
    config.tone = isBad ? Tone::Error : Tone::Ok;
    config.icon = isBad ? u"error"_s : u"ok"_s;
    config.state = isBad ? Words::tr("Problem") : Words::tr("In use");
    config.detail = leftToRight(safeLine(status.configFile));
    config.time = status.configLoadedAt > 0 ? Words::tr("read %1").arg(whenWords(status.configLoadedAt, now)) : QString();
    config.toolTip = Words::tr("Open %1").arg(leftToRight(status.configFile));
    return {disk, config};
}

bool isFreshCatcher(const control::Status& status) {
    const bool isInTrouble = std::any_of(status.problems.begin(), status.problems.end(),
                                         [](const auto& p) { return p.gravity == control::Gravity::Error; });
    return !isInTrouble && status.catchesMail && !status.sendsMail && status.messages == 0 && status.caught == 0 && status.waiting == 0 &&
           status.today.taken == 0 && status.today.delivered == 0 && !listeningAddress(status).isEmpty();
}

QString listeningAddress(const control::Status& status) {
    for (const auto& listener : status.listeners) {
        if (!listener.open)
            continue;
        const bool isAny = listener.address.isEmpty() || listener.address == u"0.0.0.0" || listener.address == u"::";
        QString host = isAny ? u"127.0.0.1"_s : listener.address;
        if (host.contains(u':') && !host.startsWith(u'['))
            host = u"["_s + host + u"]"_s;
        return host + u":"_s + QString::number(listener.port);
    }
    return {};
}

QString trialCommand(const control::Status& status) {
    return u"swaks --server %1 --from me@office.example --to you@office.example"_s.arg(listeningAddress(status));
}

} // namespace postern::window
