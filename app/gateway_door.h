// SPDX-License-Identifier: GPL-3.0-or-later
//
// The window's way to a gateway, whichever it is: attaches to the one that runs on the profile, else starts one in this
// process; can be asked to try again when neither worked or the other process went away, and does by itself when it was the
// keychain that had no key for the queue yet.
//
// Thread: the GUI thread. Failure: while there is no gateway every question is answered with the reason, in one sentence.
#pragma once

#include "control/facade.h"
#include "ctl/keychain_wait.h"
#include "engine/engine_host.h"

#include <QTimer>

#include <memory>

namespace postern {

class GatewayDoor final : public control::Facade {
  public:
    explicit GatewayDoor(engine::Profile profile);
    ~GatewayDoor() override;

    bool open();  // attach or start; false = reason() says why not
    bool close(); // stops an engine of ours (false: see EngineHost::stop()); one that only was attached to goes on
    const QString& reason() const { return m_reason; }
    void onStopAsked(std::function<void()> asked) { m_stopAsked = std::move(asked); } // `posternctl stop` on our engine

    void ask(control::Request request, control::ReplyDone done) override;
    void subscribe(control::EventSink sink) override;
    bool isInProcess() const override;

  private:
    void lost();
    void openAgain();

    engine::Profile m_profile;
    engine::EngineHost m_host;
    std::unique_ptr<control::Facade> m_through;
    control::EventSink m_sink;
    std::function<void()> m_stopAsked;
    QString m_reason;
    QTimer m_later; // answers while there is no gateway
    std::unique_ptr<ctl::KeychainWait> m_wait; // for the key of the queue; null: for nothing
};

} // namespace postern
