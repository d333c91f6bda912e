// SPDX-License-Identifier: GPL-3.0-or-later
//
// What each verb of control::Request does to the engine. Thread: engine control. Answers come once, some of them later.
#pragma once

#include "control/facade.h"
#include "engine/queue_rows.h"

#include <memory>

namespace postern::engine {

class Engine;

class ControlVerbs {
  public:
    explicit ControlVerbs(Engine& engine) : m_engine(engine) {}
    void carryOut(const control::Request& request, control::ReplyDone done);

  private:
    struct Change;
    void changeQueue(const QByteArray& verb, const QJsonObject& args, control::ReplyDone done);
    void changeSome(const std::shared_ptr<Change>& change);
    void list(Result<Listing> listing, control::ReplyDone done);
    void content(const QJsonObject& args, control::ReplyDone done);
    void discover(const QJsonObject& args, control::ReplyDone done);
    control::Reply activity(const QJsonObject& args) const;
    void pause(const QJsonObject& args, bool on, control::ReplyDone done);

    Engine& m_engine;
};

} // namespace postern::engine
