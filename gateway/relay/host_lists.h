// SPDX-License-Identifier: GPL-3.0-or-later
//
// The lists of relays that tables name, and whose turn it is; a list that stands in a file is read anew when it changes.
//
// A small file is compared with what is known of it before each delivery, a large one at most once a second. What does not
// read (the file is gone, or is being written) leaves the last good list in force.
// Thread: a value of the worker's thread. Failure: no entry; the text says why.
#pragma once

#include "base/clock.h"
#include "base/file_store.h"
#include "policy/ruleset.h"

#include <QHash>

namespace postern::relay {

class HostLists {
  public:
    explicit HostLists(FileStore& files) : m_files(files) {}

    // Of spec.hostFile: the whole list, the one whose turn it is first.
    Result<std::vector<policy::RelayUrl>> next(const policy::RelaySpec& spec, SteadyTime now);

  private:
    struct Known {
        QByteArray text;      // of the file
        QByteArrayList inTurn; // keys in byte order, as OpenSMTPD cycles
        QByteArray trouble;   // what was last found wrong with it
        SteadyTime lookAgain{};
        quint64 turn = 0;
        bool wasRead = false;
    };
    void refresh(Known& known, const policy::RelaySpec& spec, SteadyTime now);

    FileStore& m_files;
    QHash<QByteArray, Known> m_known; // by file
};

} // namespace postern::relay
