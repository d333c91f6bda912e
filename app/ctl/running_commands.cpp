// SPDX-License-Identifier: GPL-3.0-or-later
#include "ctl/arguments.h"
#include "ctl/commands.h"
#include "ctl/gateway_link.h"

#include "control/snapshots.h"
#include "engine/queue_seal.h"
#include "keychain/keychain_program.h"
#include "policy/compile.h"

#include <QDateTime>
#include <QJsonArray>
#include <QJsonObject>
#include <QLocale>

using namespace Qt::StringLiterals;

namespace postern::ctl {
namespace {

// A gateway that was started and waits for the keychain does not answer yet: why.
QByteArray whatItWaitsFor(const engine::Profile& profile) {
    const auto files = makeDiskFileStore();
    if (!files->size(profile.configFile))
        return {};
    const auto rules = policy::compile(*files, profile.configFile, {}).ruleset;
    return engine::keychainTrouble(rules->settings, {{}, keychain::systemKeychain(), profile.queueKeyName()});
}

// Asks and hands the value over; what went wrong is told here.
std::optional<QJsonValue> ask(const Arguments& arguments, const control::Request& request, int& exit) {
    const engine::Profile profile = profileFrom(arguments);
    GatewayLink link(profile);
    if (!link.isThere()) {
        const QByteArray waits = request.verb == "status" ? whatItWaitsFor(profile) : QByteArray();
        exit = refuse(arguments.has("--json"), nobodyRuns(profile) + (waits.isEmpty() ? waits : ". " + waits));
        return std::nullopt;
    }
    const control::Reply reply = link.ask(request);
    exit = reply.ok ? kGood : refuse(arguments.has("--json"), reply.error.toUtf8());
    return reply.ok ? std::optional(reply.value) : std::nullopt;
}

void tell(const Arguments& arguments, const QJsonValue& value, const QByteArray& words) {
    if (arguments.has("--json"))
        outJson(value);
    else
        out(words);
}

QString when(qint64 unixSeconds) {
    return unixSeconds ? QDateTime::fromSecsSinceEpoch(unixSeconds).toString(u"yyyy-MM-dd HH:mm:ss"_s) : u"never"_s;
}

QString describe(const control::Status& s) {
    QString text = u"Postern %1, process %2, since %3\n"_s.arg(s.version).arg(s.pid).arg(when(s.startedAt));
    text += u"profile        %1\n"_s.arg(s.profile);
    text += u"configuration  %1 (%2 dialect), taken %3\n"_s.arg(s.configFile, s.dialect, when(s.configLoadedAt));
    for (const control::ListenerStatus& l : s.listeners) {
        const QString place = l.interface.isEmpty() || l.interface == l.address ? l.address : u"%1 (%2)"_s.arg(l.address, l.interface);
        text += u"listener       %1 port %2: "_s.arg(place).arg(l.port);
        text += l.open ? u"open, %1, TLS %2, sign-in %3, %4\n"_s.arg(counted(l.sessions, "session"), l.tls, l.auth, l.where)
                       : u"NOT OPEN: %1\n"_s.arg(l.detail);
    }
    text += u"local socket   %1: "_s.arg(s.socket.address);
    text += s.socket.open ? u"open, %1\n"_s.arg(counted(s.socket.sessions, "session")) : u"NOT OPEN: %1\n"_s.arg(s.socket.detail);
    for (const control::RelayStatus& r : s.relays)
        text += u"relay          %1%2: %3, %4 waiting, last sent %5%6\n"_s.arg(
            r.name, r.way.isEmpty() ? QString() : u" ("_s + r.way + u')', r.state, QString::number(r.waiting), when(r.lastSentAt),
            r.detail.isEmpty() ? QString() : u" ("_s + r.detail + u')');
    for (const control::TableStatus& t : s.tables)
        text += u"table          %1 (%2): %3%4\n"_s.arg(t.name, t.backend, t.state,
                                                     t.detail.isEmpty() ? QString() : u" since %1 (%2)"_s.arg(when(t.since), t.detail));
    text += u"receiving      %1\n"_s.arg(s.smtpPaused ? u"paused"_s : u"running"_s);
    text += u"sending        %1\n"_s.arg(s.relayPaused ? u"paused"_s : u"running"_s);
    text += u"delivering     %1 (on this computer)%2\n"_s.arg(
        s.mdaPaused ? u"paused"_s : u"running"_s, s.inFlightHere > 0 ? u", %1 under way"_s.arg(s.inFlightHere) : QString());
    text += u"queue          %1; recipients: %2 waiting, %3 being sent, %4 held, %5 caught\n"_s.arg(counted(s.messages, "message"))
                .arg(s.waiting).arg(s.inFlight).arg(s.held).arg(s.caught);
    text += u"since midnight %1 taken in, delivered to %2, %3 refused, %4 returned to their senders\n"_s
                .arg(counted(s.today.taken, "message"), counted(s.today.delivered, "recipient")).arg(s.today.refused).arg(s.today.bounced);
    text += u"disk           %1 free\n"_s.arg(QLocale::c().formattedDataSize(s.diskFree));
    for (const control::Problem& p : s.problems)
        text += u"%1  %2: %3%4\n"_s.arg(p.gravity == control::Gravity::Error ? u"ERROR      "_s : u"attention  "_s, p.title, p.text,
                                        p.where.isEmpty() ? QString() : u" ("_s + p.where + u')');
    text.chop(1);
    return text;
}

} // namespace

int statusCommand(const QByteArrayList& words) {
    const Arguments arguments(words, {"--json"}, {"--profile", "--state", "-f"});
    int exit = kGood;
    const auto value = ask(arguments, {"status", {}}, exit);
    if (!value)
        return exit;
    tell(arguments, *value, describe(control::Status::fromJson(value->toObject())).toUtf8());
    return exit;
}

int reloadCommand(const QByteArrayList& words) {
    const Arguments arguments(words, {"--json"}, {"--profile", "--state", "-f"});
    int exit = kGood;
    const auto value = ask(arguments, {"reload", {}}, exit);
    if (!value)
        return exit;
    for (const auto& problem : value->toObject()["problems"_L1].toArray())
        complain(problem.toString().toUtf8());
    tell(arguments, *value, "configuration taken");
    return exit;
}

int stopCommand(const QByteArrayList& words) {
    const Arguments arguments(words, {"--json"}, {"--profile", "--state", "-f"});
    int exit = kGood;
    if (const auto value = ask(arguments, {"stop", {}}, exit))
        tell(arguments, *value, "stopping");
    return exit;
}

namespace {

int pauseOrResume(const QByteArrayList& words, const QByteArray& verb) {
    const Arguments arguments(words, {"--json"}, {"--profile", "--state", "-f"});
    const QByteArrayList known{"mta", "smtp", "mda"};
    if (arguments.words().size() != 1 || !known.contains(arguments.words().first()))
        throw UsageError{verb + " what? mta (sending), smtp (receiving) or mda (delivering on this computer)"};
    int exit = kGood;
    const QJsonObject what{{u"what"_s, QString::fromUtf8(arguments.words().first())}};
    if (const auto value = ask(arguments, {verb, what}, exit))
        tell(arguments, *value, "command succeeded");
    return exit;
}

} // namespace

int pauseCommand(const QByteArrayList& words) {
    return pauseOrResume(words, "pause");
}

int resumeCommand(const QByteArrayList& words) {
    return pauseOrResume(words, "resume");
}

int countersCommand(const QByteArrayList& words) {
    const Arguments arguments(words, {"--json"}, {"--profile", "--state", "-f"});
    if (!arguments.words().isEmpty())
        throw UsageError{"counters takes no words"};
    int exit = kGood;
    const auto value = ask(arguments, {"counters", {}}, exit);
    if (!value)
        return exit;
    if (arguments.has("--json")) {
        outJson(*value);
        return exit;
    }
    const QJsonObject counters = value->toObject();
    for (auto at = counters.begin(); at != counters.end(); ++at) // sorted by name
        out((at.key() + u'=' + (at->isString() ? at->toString() : QString::number(at->toInteger()))).toUtf8());
    return exit;
}

// As smtpctl has it: update table NAME.
int updateCommand(const QByteArrayList& words) {
    const Arguments arguments(words, {"--json"}, {"--profile", "--state", "-f"});
    const QByteArrayList& rest = arguments.words();
    if (rest.size() != 2 || rest.first() != "table")
        throw UsageError{"update what? update table NAME"};
    int exit = kGood;
    const auto value = ask(arguments, {"table.update", {{u"name"_s, QString::fromUtf8(rest.last())}}}, exit);
    if (!value)
        return exit;
    const QJsonValue entries = value->toObject()["entries"_L1];
    const qint64 n = entries.toInteger();
    tell(arguments, *value,
         "table " + rest.last() +
             (!entries.isDouble() ? " is asked each time; what it said a moment ago is forgotten"
                                    : " was read again: " + QByteArray::number(n) + (n == 1 ? " entry" : " entries")));
    return exit;
}

} // namespace postern::ctl
