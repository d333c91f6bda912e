// SPDX-License-Identifier: GPL-3.0-or-later
//
// Removing that can be taken back: for ten seconds the rows are only hidden, then the gateway is asked. A second removal
// carries out the first at once. Ending the program before that removes nothing.
// Thread: the GUI thread. No widgets.
#pragma once

#include "window/link/gateway_link.h"

#include <QSet>

#include <chrono>

namespace postern::window {

class PendingRemoval final : public QObject {
    Q_OBJECT
  public:
    explicit PendingRemoval(GatewayLink& link, QObject* parent = nullptr);

    void remove(const QStringList& ids);
    void undo();
    void carryOutNow();
    QSet<QString> hidden() const { return m_waiting + m_asked; }
    int count() const { return static_cast<int>(m_waiting.size()); } // that can still be taken back

    static constexpr std::chrono::milliseconds kGrace{10'000};

  Q_SIGNALS:
    void changed();
    void removed();
    void failed(const QString& reason);

  private:
    GatewayLink& m_link;
    QSet<QString> m_waiting;
    QSet<QString> m_asked; // asked for; shown again only if the gateway refuses
    QTimer m_timer;
};

} // namespace postern::window
