// SPDX-License-Identifier: GPL-3.0-or-later
//
// A password or key: wiped when it goes, never printed by accident.
//
// There is deliberately no conversion to QByteArray or QDebug operator; whoever needs the bytes calls expose() and keeps
// the view for one expression. Thread: a value, like any other.
#pragma once

#include <QByteArray>

namespace postern {

class Secret {
  public:
    Secret() = default;
    // Takes over the bytes and wipes `plain` (if it is not shared).
    explicit Secret(QByteArray&& plain);
    explicit Secret(const QByteArray& plain);
    Secret(const Secret& other); // bytes of its own: each copy wipes what it holds, on whatever thread
    Secret& operator=(const Secret& other);
    Secret(Secret&& other) noexcept;
    Secret& operator=(Secret&& other) noexcept;
    ~Secret();

    QByteArrayView expose() const { return m_bytes; }
    bool isEmpty() const { return m_bytes.isEmpty(); }

  private:
    QByteArray m_bytes;
};

// Overwrites the bytes in a way the compiler may not remove.
void wipe(QByteArray& bytes);

} // namespace postern
