// SPDX-License-Identifier: GPL-3.0-or-later
//
// A gateway made of values: answers the facade's verbs from a status, a queue and a list of what happened, and lets a
// test change them, count questions, refuse, or go away.
//
// officeAtHalfPastTwo() fills it with the sample office Marlow & Finch, Thursday 19 November 2026, 14:32.
// Thread: the one that made it; answers come from the event loop, as the contract says.
#pragma once

#include "control/facade.h"

#include <QHash>
#include <QObject>

namespace postern::test {

class FakeFacade final : public control::Facade {
  public:
    void ask(control::Request request, control::ReplyDone done) override;
    void subscribe(control::EventSink sink) override { m_sink = std::move(sink); }
    bool isInProcess() const override { return inProcess; }

    void send(const control::Event& event);
    void sendActivity(const control::ActivityEvent& event);
    int asked(const QByteArray& verb) const { return m_asked.value(verb); }
    void answerAll(); // every open question, now

    control::Status status;
    QList<control::QueueRow> rows;
    QList<control::ActivityEvent> events;
    QHash<QString, QByteArray> contents; // by message
    QList<control::Request> requests;    // all that changed something
    QString gone;                        // not empty: every question fails with this sentence
    bool inProcess = true;
    bool holdsAnswers = false; // answers wait for answerAll()

    void officeAtHalfPastTwo(qint64 now);
    void emptyCatchingProfile(qint64 now);

  private:
    control::Reply answer(const control::Request& request);
    control::Reply list(const QJsonObject& args) const;
    control::Reply change(const control::Request& request);

    control::EventSink m_sink;
    QHash<QByteArray, int> m_asked;
    QList<std::pair<control::Request, control::ReplyDone>> m_open;
    QObject m_context; // answers die with the facade
};

} // namespace postern::test
