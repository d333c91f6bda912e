// SPDX-License-Identifier: GPL-3.0-or-later
//
// The network between a gateway and its next hop, as a TCP relay on loopback that breaks when a story says so.
//
// Thread: made and asked on the test's; forwards on its own, one thread for all connections.
#pragma once

#include <QByteArray>

#include <functional>
#include <memory>

namespace postern::test {

class CuttableLink {
  public:
    enum class Side { FromClient, FromServer };
    // Silence: nothing gets through any more and nobody is told, as with a pulled cable. Reset: both sides are told at once.
    enum class Cut { Silence, Reset };

    explicit CuttableLink(quint16 target); // on 127.0.0.1
    ~CuttableLink();

    quint16 port() const;
    // Once the marker has come from that side on any connection, it still gets through (and what came before it), and nothing
    // behind it. New connections fare no better: silence, or a reset. The marker may come in pieces.
    void cutAt(Side side, const QByteArray& marker, Cut how);
    bool isCut() const;
    void mend(); // what was cut stays broken and is closed; new connections get through
    int connections() const; // accepted so far

  private:
    struct Impl;
    std::unique_ptr<Impl> m;
};

} // namespace postern::test
