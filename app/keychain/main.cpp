// SPDX-License-Identifier: GPL-3.0-or-later
//
// postern-keychain: one question to the system's keychain from standard input, its answer on standard output. Started by
// the gateway, which ends it when it takes too long; not for people (they have `posternctl keychain`).
//
// Thread: main only. What is asked and answered: keychain/exchange.h.
#include "base/core_dumps.h"
#include "base/log.h"
#include "keychain/exchange.h"
#include "secret_service.h"

#include <QCoreApplication>

#include <cstdio>
#include <qt6keychain/keychain.h>

using namespace Qt::StringLiterals;
using namespace postern;
using namespace postern::keychain;

namespace {

const QString kService = u"Postern"_s;

State stateOf(QKeychain::Error error) {
    switch (error) {
    case QKeychain::NoError:
        return State::Done;
    case QKeychain::EntryNotFound:
        return State::NotFound;
    case QKeychain::AccessDeniedByUser:
    case QKeychain::AccessDenied:
        return State::Denied;
    case QKeychain::NoBackendAvailable:
        return State::NoService;
    case QKeychain::CouldNotDeleteEntry:
    case QKeychain::NotImplemented:
    case QKeychain::OtherError:
        return State::Failed;
    }
    return State::Failed;
}

Secret readAll() {
    QByteArray in(kMostExchanged + 1, '\0');
    const size_t size = std::fread(in.data(), 1, size_t(in.size()), stdin);
    Secret all(QByteArrayView(in).first(qsizetype(size)).toByteArray());
    wipe(in);
    return all;
}

int say(const Answer& answer) {
    const Secret bytes = toBytes(answer);
    const size_t size = size_t(bytes.expose().size());
    return std::fwrite(bytes.expose().data(), 1, size, stdout) == size && std::fflush(stdout) == 0 ? 0 : 1;
}

// Runs a job of the library to its end.
Answer carryOut(QKeychain::Job& job, const Question& question) {
    job.setKey(QString::fromUtf8(question.name));
    job.setAutoDelete(false);
    job.setInsecureFallback(false); // never a plain file instead
    QObject::connect(&job, &QKeychain::Job::finished, &job, [] { QCoreApplication::quit(); }, Qt::QueuedConnection);
    job.start();
    QCoreApplication::exec();
    const State state = stateOf(job.error());
    return {state, {}, state == State::Done ? QByteArray() : harmless(job.errorString().toUtf8(), 200)};
}

Answer carryOut(const Question& question) {
    switch (question.verb) {
    case Verb::Read: {
        QKeychain::ReadPasswordJob job(kService);
        Answer answer = carryOut(job, question);
        if (answer.state == State::Done)
            answer.value = Secret(job.binaryData());
        return answer;
    }
    case Verb::Write: {
        QKeychain::WritePasswordJob job(kService);
        job.setTextData(QString::fromUtf8(question.value.expose())); // text, so that the desktop's own tools can show it
        return carryOut(job, question);
    }
    case Verb::Remove: {
        QKeychain::DeletePasswordJob job(kService);
        return carryOut(job, question);
    }
    }
    return {};
}

} // namespace

int main(int argc, char** argv) {
    forbidCoreDumps();
    qunsetenv("QT_NO_GLIB"); // the library's answers come by GLib's loop
    QCoreApplication app(argc, argv);
    auto question = questionFrom(readAll().expose());
    if (!question || !checkForm(*question)) {
        std::fputs("postern-keychain answers the gateway's questions; people use `posternctl keychain`\n", stderr);
        return 2;
    }
    if (const auto known = lookAhead(*question))
        return say(*known);
    Answer answer = carryOut(*question);
    if (answer.state != State::Done) { // a prompt that was sent away: to the library that looks like "not found"
        question->mayAsk = false;
        answer = lookAhead(*question).value_or(answer);
    }
    return say(answer);
}
