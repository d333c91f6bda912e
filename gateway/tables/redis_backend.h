// SPDX-License-Identifier: GPL-3.0-or-later
//
// Tables in redis, asked with the administrator's own commands: "GET alias:%s" and kin.
//
// A command is split at its blanks before %s becomes the key, so a key is always one argument, or a part of one, whatever it
// holds. Reads go to the slave while the master is away.
// Failure: see backend.h. Spec: tables page, 10. Thread: makeRedisBackend() any; what it makes as backend.h says.
#pragma once

#include "tables/backend_config.h"

namespace postern::tables {

MadeBackend makeRedisBackend(const BackendSource& source);

// A query as redis is sent it.
QByteArrayList redisCommand(const QByteArray& query, const QByteArray& key);

} // namespace postern::tables
