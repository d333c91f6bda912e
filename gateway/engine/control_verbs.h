// SPDX-License-Identifier: GPL-3.0-or-later
//
// What each verb of control::Request does to the engine. Thread: engine control. Answers come once, some of them later.
#pragma once

#include "control/facade.h"

namespace postern::engine {

class Engine;

class ControlVerbs {
  public:
    explicit ControlVerbs(Engine& engine) : m_engine(engine) {}
    void carryOut(const control::Request& request, control::ReplyDone done);

  private:
    control::Reply changeQueue(const QByteArray& verb, const QJsonObject& args);
    void content(const QJsonObject& args, control::ReplyDone done);
    control::Reply activity(const QJsonObject& args) const;
    control::Reply pause(const QJsonObject& args, bool on);

    Engine& m_engine;
};

} // namespace postern::engine
