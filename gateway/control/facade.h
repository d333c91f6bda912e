// SPDX-License-Identifier: GPL-3.0-or-later
//
// What a window or a command may ask of a gateway, and what it is told without asking; the same for the engine in this
// process and for one behind the control socket.
//
// Thread: the one that made it; `done` and the event sink are called there, never before the call returns.
// Failure: a gateway that is gone answers every question with ok = false and one clear sentence.
#pragma once

#include "control/snapshots.h"

#include <QJsonObject>
#include <QJsonValue>

#include <functional>

namespace postern::control {

// Verbs and their arguments; anything else is refused by name.
//   status                                         -> Status
//   queue.list   {after?, most?, state?}           -> {rows: [QueueRow], total, next?, newest?}; oldest first, caught newest
//                                                     first; a page at a time (500 rows at most): while there is a `next`,
//                                                     ask again with it as `after`. total counts all of the state
//   queue.show   {id}                              -> {rows: [QueueRow] of that message}, header fields
//   queue.retry | queue.hold | queue.release | queue.remove   {ids: [..]} or {all: true, state?, upTo?}
//                                                  -> {changed: n} recipients, durable; upTo: a `newest` of queue.list, what
//                                                     came later is left alone
//   queue.content {id, offset?, most?}             -> {content: base64, offset, size}; a piece at a time (512 KiB at most)
//   activity     {since?: number, most?}           -> {events: [ActivityEvent]}
//   pause | resume {what: "mta"|"smtp"|"mda"}      -> {}
//   queue.discover {id}                            -> {changed: n}: envelopes that lie on the disk and are not scheduled
//   counters                                       -> {name: number}, names in the manner of `smtpctl show stats`
//   table.update {name}                            -> {entries: n}; that table's file is read again. Not ok: the old one stays
//   log.tail     {most?, follow?}                  -> {lines: [text]}; follow, over the socket: each later line is an event
//   reload | stop                                  -> {} (reload: {problems: [text]} names listeners that did not open;
//                                                     not ok: the configuration has an error and the old one stays)
//   subscribe                                      -> {}; events follow
struct Request {
    QByteArray verb;
    QJsonObject args;
};

struct Reply {
    bool ok = false;
    QJsonValue value;
    QString error; // one sentence for people, "" if ok
};

using ReplyDone = std::function<void(Reply)>;
using EventSink = std::function<void(const Event&)>;

class Facade {
  public:
    virtual ~Facade() = default;
    virtual void ask(Request request, ReplyDone done) = 0;
    virtual void subscribe(EventSink sink) = 0; // one sink; events may be dropped under load, a status tells the truth
    virtual bool isInProcess() const = 0;
};

} // namespace postern::control
