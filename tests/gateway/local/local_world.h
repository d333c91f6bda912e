// SPDX-License-Identifier: GPL-3.0-or-later
//
// A local worker with real child processes, and a home folder of somebody who is not root: "nobody" if root runs the tests.
#pragma once

#include "base/file_store.h"
#include "local/local_worker.h"
#include "support/fake_resolver.h"
#include "support/places.h"

#include <QDir>
#include <QDirIterator>
#include <QFile>
#include <QTemporaryDir>

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <map>

namespace postern::test {

inline const QByteArray kContent = "Subject: t\r\n\r\nhello\r\n";

struct LocalWorld {
    explicit LocalWorld(local::LocalLimits own = {}, const Clock* itsClock = nullptr) {
        const passwd* who = ::geteuid() == 0 ? ::getpwnam("nobody") : ::getpwuid(::geteuid());
        user = {who ? who->pw_name : "nobody", who ? qint64(who->pw_uid) : 65534, who ? qint64(who->pw_gid) : 65534, home.path().toLocal8Bit()};
        if (::geteuid() == 0 && ::chown(user.home.constData(), uid_t(user.uid), gid_t(user.gid)) != 0)
            user.uid = -1;
        if (own.program.isEmpty())
            own.program = POSTERN_BIN_DIR "/postern-deliver";
        auto names = std::make_unique<FakeResolver>();
        resolver = names.get();
        worker = std::make_unique<local::LocalWorker>(itsClock ? *itsClock : clock, *files, std::move(names), own, [this](const local::LocalReport& report) {
            for (const queue::TryOutcome& outcome : report.outcomes) {
                outcomes.push_back(outcome);
                ++reportsOf[outcome.id];
            }
            reports.push_back(report);
        });
    }

    QTemporaryDir home;
    SystemClock clock;
    std::unique_ptr<FileStore> files = makeDiskFileStore();
    FakeResolver* resolver = nullptr;
    delivery::LocalUser user;
    policy::Settings settings;
    std::vector<local::LocalReport> reports;
    std::vector<queue::TryOutcome> outcomes;
    std::map<queue::EnvelopeId, int> reportsOf;
    std::unique_ptr<local::LocalWorker> worker;
    queue::MessageId lastMessage = 0;

    local::LocalJob job(policy::Method method, const QByteArray& target = {}, const QByteArray& content = kContent, int recipients = 1) {
        auto message = std::make_shared<queue::Message>();
        message->id = ++lastMessage;
        message->sender = "sue@send.example";
        message->createdAt = clock.wall().time_since_epoch().count();
        message->size = content.size();
        local::LocalJob out;
        out.delivery.route = "local";
        out.delivery.message = message;
        for (int i = 0; i < recipients; ++i) {
            queue::Envelope envelope;
            envelope.id = (queue::EnvelopeId(message->id) << 32) | queue::EnvelopeId(i + 1);
            envelope.recipient = "team@b.example";
            envelope.destination = "ann" + QByteArray::number(i) + "@b.example";
            out.delivery.envelopes.push_back(envelope);
            out.users.push_back(user);
        }
        out.body = std::make_shared<queue::Body>(queue::Body{content, {}, content.size()});
        out.method = method;
        out.target = target;
        out.serverName = "mx.example";
        out.settings = std::make_shared<policy::Settings>(settings);
        return out;
    }
    void submit(local::LocalJob one) {
        std::vector<local::LocalJob> jobs;
        jobs.push_back(std::move(one));
        worker->submit(std::move(jobs));
    }
    QByteArray file(const QByteArray& name) const {
        QFile f(home.filePath(QString::fromLatin1(name)));
        return f.open(QIODevice::ReadOnly) ? f.readAll() : QByteArray("no file");
    }
    QByteArrayList filesBelow(const char* folder) const {
        QByteArrayList out;
        QDirIterator all(home.filePath(QString::fromLatin1(folder)), QDir::Files, QDirIterator::Subdirectories);
        while (all.hasNext()) {
            QFile f(all.next());
            if (f.open(QIODevice::ReadOnly))
                out.append(f.readAll());
        }
        std::sort(out.begin(), out.end());
        return out;
    }
    // "D T(untried) P", in the order in which they came.
    QByteArray results() const {
        QByteArrayList out;
        for (const queue::TryOutcome& outcome : outcomes) {
            const char* what = outcome.result == queue::TryResult::Delivered ? "D" : outcome.result == queue::TryResult::Permanent ? "P" : "T";
            out.append(QByteArray(what) + (outcome.countsAsTry ? "" : "(untried)"));
        }
        return out.join(' ');
    }
    QByteArray lastText() const { return outcomes.empty() ? QByteArray("none") : outcomes.back().text; }
    bool eachOnce() const {
        return std::all_of(reportsOf.begin(), reportsOf.end(), [](const auto& one) { return one.second == 1; });
    }
};

} // namespace postern::test
