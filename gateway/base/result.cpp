// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/result.h"

namespace postern {

QByteArrayView toString(ErrorCode code) {
    switch (code) {
    case ErrorCode::Io: return "io";
    case ErrorCode::NoSpace: return "no-space";
    case ErrorCode::NotFound: return "not-found";
    case ErrorCode::Exists: return "exists";
    case ErrorCode::Busy: return "busy";
    case ErrorCode::Denied: return "denied";
    case ErrorCode::Invalid: return "invalid";
    case ErrorCode::Corrupt: return "corrupt";
    case ErrorCode::Unavailable: return "unavailable";
    case ErrorCode::Protocol: return "protocol";
    case ErrorCode::Tls: return "tls";
    case ErrorCode::Timeout: return "timeout";
    case ErrorCode::Unsupported: return "unsupported";
    case ErrorCode::Internal: return "internal";
    }
    return "internal";
}

} // namespace postern
