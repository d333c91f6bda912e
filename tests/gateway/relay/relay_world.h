// SPDX-License-Identifier: GPL-3.0-or-later
//
// A relay worker in a make-believe internet: jobs go in, reports come out, and no time passes unless a test lets it.
#pragma once

#include "relay/relay_worker.h"
#include "support/fake_clock.h"
#include "support/fake_internet.h"
#include "support/fake_resolver.h"
#include "support/memory_file_store.h"

#include <QCoreApplication>

#include <algorithm>
#include <map>

namespace postern::test {

using namespace relay;

inline const QByteArray kContent = "Subject: t\r\n\r\n.dot\r\nhello\r\n";

struct World {
    explicit World(RelayLimits limits = {}) {
        auto fakeResolver = std::make_unique<FakeResolver>();
        resolver = fakeResolver.get();
        resolver->setAddresses("hop.example", {"192.0.2.1"});
        worker = std::make_unique<RelayWorker>(
            clock, files, std::move(fakeResolver), limits,
            [this](RelayReport report) {
                for (const queue::TryOutcome& outcome : report.outcomes)
                    ++reportsOf[outcome.id];
                reports.push_back(std::move(report));
            },
            [this](const QByteArray& address, quint16 port, const QByteArray& source, Milliseconds patience,
                   tls::StreamHandler* handler) {
                connectPatience.push_back(patience);
                return net.connect(address, port, source, handler);
            });
    }

    FakeClock clock;
    MemoryFileStore files;
    FakeInternet net;
    FakeResolver* resolver = nullptr;
    std::vector<Milliseconds> connectPatience;
    std::vector<RelayReport> reports;
    std::map<queue::EnvelopeId, int> reportsOf;
    std::unique_ptr<RelayWorker> worker;
    queue::MessageId lastMessage = 0;
    QByteArray content = kContent; // of the jobs to come
    policy::RelaySpec spec;
    policy::Settings settings;

    FakeHop& hop(const QByteArray& key = "192.0.2.1:25") { return net.hop(key); }

    void useUrl(const QByteArray& url, policy::Era era = policy::Era::Modern) {
        const auto parsed = policy::RelayUrl::parse(url, era);
        spec.era = era;
        spec.urls.clear();
        if (parsed)
            spec.urls = {*parsed};
    }
    RelayJob job(const QByteArrayList& recipients = {"a@b.example"}, const QByteArray& sender = "me@a.example") {
        auto message = std::make_shared<queue::Message>();
        message->id = ++lastMessage;
        message->sender = sender;
        message->size = content.size();
        message->hasEightBit = std::any_of(content.begin(), content.end(), [](char c) { return uchar(c) >= 0x80; });
        RelayJob out;
        out.delivery.route = "route";
        out.delivery.message = message;
        for (qsizetype i = 0; i < recipients.size(); ++i) {
            queue::Envelope envelope;
            envelope.id = (queue::EnvelopeId(message->id) << 32) | queue::EnvelopeId(i + 1);
            envelope.destination = recipients[i];
            out.delivery.envelopes.push_back(envelope);
        }
        out.body = std::make_shared<queue::Body>(queue::Body{content, {}, content.size()});
        out.spec = std::make_shared<policy::RelaySpec>(spec);
        out.domain = "b.example";
        out.serverName = "me.example";
        out.settings = std::make_shared<policy::Settings>(settings);
        return out;
    }
    void submit(RelayJob one) {
        std::vector<RelayJob> jobs;
        jobs.push_back(std::move(one));
        worker->submit(std::move(jobs));
        settle();
    }
    // Everything that can happen without time passing. Answers of tables come by posted events, one behind the other.
    void settle() {
        constexpr int kQuietRounds = 24;
        for (int quiet = 0; quiet < kQuietRounds; ++quiet) {
            if (resolver->deliver())
                quiet = 0;
            if (net.deliver())
                quiet = 0;
            QCoreApplication::sendPostedEvents();
        }
    }
    void pass(Milliseconds time) {
        clock.advance(time);
        worker->tick();
        settle();
    }
    // "D T P | ..." of all reports, "(untried)" where no try was counted.
    QByteArray results() const {
        QByteArrayList out;
        for (const RelayReport& report : reports) {
            QByteArray text;
            for (const queue::TryOutcome& outcome : report.outcomes) {
                text += outcome.result == queue::TryResult::Delivered   ? 'D'
                        : outcome.result == queue::TryResult::Temporary ? 'T'
                                                                        : 'P';
                if (!outcome.countsAsTry)
                    text += "(untried)";
                text += ' ';
            }
            out.append(text.trimmed());
        }
        return out.join(" | ");
    }
    QByteArray lastText() const { return reports.empty() ? QByteArray() : reports.back().outcomes.back().text; }
};

} // namespace postern::test
