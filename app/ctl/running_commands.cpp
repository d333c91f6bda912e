// SPDX-License-Identifier: GPL-3.0-or-later
#include "ctl/arguments.h"
#include "ctl/commands.h"
#include "ctl/remote.h"

#include "control/snapshots.h"

#include <QDateTime>
#include <QJsonArray>
#include <QJsonObject>
#include <QLocale>

using namespace Qt::StringLiterals;

namespace postern::ctl {
namespace {

int notRunning(const engine::Profile& profile) {
    complain("no gateway runs on " + (profile.folder.isEmpty() ? profile.stateFolder : profile.folder) +
             "; start it with `posternctl run` or the Postern window");
    return kErrorsFound;
}

// Asks, prints the error if there is one, and hands the value over.
std::optional<QJsonValue> ask(const engine::Profile& profile, const control::Request& request, int& exit) {
    const auto reply = askRunning(profile, request);
    if (!reply) {
        exit = notRunning(profile);
        return std::nullopt;
    }
    if (!reply->ok) {
        complain(reply->error.toUtf8());
        exit = kErrorsFound;
        return std::nullopt;
    }
    exit = kGood;
    return reply->value;
}

QString when(qint64 unixSeconds) {
    return unixSeconds ? QDateTime::fromSecsSinceEpoch(unixSeconds).toString(u"yyyy-MM-dd HH:mm:ss"_s) : u"never"_s;
}

QString describe(const control::Status& s) {
    QString text = u"Postern %1, process %2, since %3\n"_s.arg(s.version).arg(s.pid).arg(when(s.startedAt));
    text += u"profile        %1\n"_s.arg(s.profile);
    text += u"configuration  %1 (%2 dialect), taken %3\n"_s.arg(s.configFile, s.dialect, when(s.configLoadedAt));
    for (const control::ListenerStatus& l : s.listeners) {
        text += u"listener       %1 port %2: "_s.arg(l.address).arg(l.port);
        text += l.open ? u"open, %1 sessions, TLS %2, sign-in %3\n"_s.arg(l.sessions).arg(l.tls, l.auth)
                       : u"NOT OPEN: %1\n"_s.arg(l.detail);
    }
    for (const control::RelayStatus& r : s.relays)
        text += u"relay          %1: %2%3\n"_s.arg(r.name, r.state, r.detail.isEmpty() ? QString() : u" ("_s + r.detail + u')');
    text += u"receiving      %1\n"_s.arg(s.smtpPaused ? u"paused"_s : u"running"_s);
    text += u"sending        %1\n"_s.arg(s.relayPaused ? u"paused"_s : u"running"_s);
    text += u"queue          %1 waiting, %2 being sent, %3 held, %4 caught\n"_s.arg(s.waiting).arg(s.inFlight).arg(s.held).arg(s.caught);
    text += u"today          %1 taken in, %2 delivered, %3 refused, %4 returned\n"_s.arg(s.today.taken)
                .arg(s.today.delivered).arg(s.today.refused).arg(s.today.bounced);
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
    const auto value = ask(profileFrom(arguments), {"status", {}}, exit);
    if (!value)
        return exit;
    if (arguments.has("--json"))
        outJson(*value);
    else
        out(describe(control::Status::fromJson(value->toObject())).toUtf8());
    return exit;
}

int reloadCommand(const QByteArrayList& words) {
    const Arguments arguments(words, {"--json"}, {"--profile", "--state", "-f"});
    int exit = kGood;
    const auto value = ask(profileFrom(arguments), {"reload", {}}, exit);
    if (!value)
        return exit;
    for (const auto& problem : value->toObject()["problems"_L1].toArray())
        complain(problem.toString().toUtf8());
    if (arguments.has("--json"))
        outJson(*value);
    else
        out("configuration taken");
    return exit;
}

int stopCommand(const QByteArrayList& words) {
    const Arguments arguments(words, {}, {"--profile", "--state", "-f"});
    int exit = kGood;
    if (ask(profileFrom(arguments), {"stop", {}}, exit))
        out("stopping");
    return exit;
}

namespace {

int pauseOrResume(const QByteArrayList& words, const QByteArray& verb) {
    const Arguments arguments(words, {}, {"--profile", "--state", "-f"});
    if (arguments.words().size() != 1)
        throw UsageError{verb + " what? mta (sending) or smtp (receiving)"};
    int exit = kGood;
    const QJsonObject what{{u"what"_s, QString::fromUtf8(arguments.words().first())}};
    if (ask(profileFrom(arguments), {verb, what}, exit))
        out("command succeeded");
    return exit;
}

} // namespace

int pauseCommand(const QByteArrayList& words) {
    return pauseOrResume(words, "pause");
}

int resumeCommand(const QByteArrayList& words) {
    return pauseOrResume(words, "resume");
}

int logCommand(const QByteArrayList& words) {
    const Arguments arguments(words, {"--json"}, {"--profile", "--state", "-f", "-n"});
    bool isNumber = true;
    const int most = arguments.value("-n").value_or("200").toInt(&isNumber);
    if (!isNumber || most < 1)
        throw UsageError{"-n needs a number of lines"};
    int exit = kGood;
    const auto value = ask(profileFrom(arguments), {"log.tail", {{u"most"_s, most}}}, exit);
    if (!value)
        return exit;
    if (arguments.has("--json")) {
        outJson(*value);
        return exit;
    }
    for (const auto& line : value->toObject()["lines"_L1].toArray())
        out(line.toString().toUtf8());
    return exit;
}

} // namespace postern::ctl
