// SPDX-License-Identifier: GPL-3.0-or-later
//
// Message ids: a counter seen through a one-to-one scrambling of 32 bits, so that they look random and never repeat.
//
// The counter ("serial") is what the database uses as its key: neighbours in time are neighbours on disk, which is what
// makes group commits small. 0 maps to 0 and is never handed out.
// Thread: functions are pure; CountedMessageIds is atomic.
#pragma once

#include "queue/spool.h"

#include <atomic>

namespace postern::queue {

quint32 serialOf(MessageId id);
MessageId idOfSerial(quint32 serial);
inline bool comesAfter(quint32 serial, quint32 mark) { // around the end of the range, too
    return qint32(serial - mark) >= 0;
}

// For tables by id: neighbours in time are neighbours in memory, too. That is half of what a start with a million costs.
struct BySerial {
    size_t operator()(MessageId id) const { return serialOf(id); }
};

class CountedMessageIds final : public MessageIds {
  public:
    explicit CountedMessageIds(quint32 firstSerial) : m_next(firstSerial) {}
    MessageId next() override;
    quint32 upcoming() const { return m_next.load(); } // every id handed out so far lies before it

  private:
    std::atomic<quint32> m_next;
};

} // namespace postern::queue
