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
    // Everything in a state, also what is not shown: `upTo` is the loader's newest(), later ones stay. `shown` are hidden.
    void removeAll(const QString& state, const QString& upTo, const QStringList& shown, int count);
    void undo();
    void carryOutNow();
    QSet<QString> hidden() const { return m_waiting + m_asked; }
    int count() const { return m_count; } // that can still be taken back
    bool isOfAll() const { return m_count > m_waiting.size(); } // more than what is hidden

    static constexpr std::chrono::milliseconds kGrace{10'000};

  Q_SIGNALS:
    void changed();
    void removed();
    void failed(const QString& reason);

  private:
    void waitWith(const QStringList& ids, QJsonObject args, int count);

    GatewayLink& m_link;
    QSet<QString> m_waiting;
    QJsonObject m_args; // of the request that waits
    int m_count = 0;
    QSet<QString> m_asked; // asked for; shown again only if the gateway refuses
    QTimer m_timer;
};

} // namespace postern::window
