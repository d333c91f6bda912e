// SPDX-License-Identifier: GPL-3.0-or-later
//
// Every fixed reply of the server session, as it goes on the wire: code, enhanced code, text. One place to read, to
// compare with the RFCs and to test that the enhanced class is the first digit of the code.
//
// Clients depend on the codes only; the texts are for people. Spec: RFC 5321 §4.2, RFC 3463, RFC 2034 §4 (which replies
// carry no enhanced code: greeting, EHLO, 3xx).
#pragma once

#include <array>
#include <string_view>

namespace postern::smtp::replies {

using Wire = std::string_view;

// clang-format off
inline constexpr Wire kOk                  = "250 2.0.0 Ok\r\n";
inline constexpr Wire kReset               = "250 2.0.0 Reset state\r\n";
inline constexpr Wire kStartData           = "354 Enter mail, end with \".\" on a line by itself\r\n";
inline constexpr Wire kReadyForTls         = "220 2.0.0 Ready to start TLS\r\n";
inline constexpr Wire kAuthSucceeded       = "235 2.7.0 Authentication succeeded\r\n";
inline constexpr Wire kAuthContinue        = "334 \r\n";
inline constexpr Wire kHelp                = "214-2.0.0 Commands: HELO EHLO MAIL RCPT DATA BDAT RSET NOOP QUIT VRFY HELP\r\n"
                                             "214-2.0.0 STARTTLS and AUTH where they are offered\r\n"
                                             "214 2.0.0 End of HELP info\r\n";
inline constexpr Wire kBye                 = "221 2.0.0 Bye\r\n";
inline constexpr Wire kCannotVerify        = "252 2.5.2 Cannot VRFY; try RCPT to attempt delivery\r\n";

inline constexpr Wire kIdleTooLong         = "421 4.4.2 Timeout, closing connection\r\n";
inline constexpr Wire kShuttingDown        = "421 4.3.2 Service is shutting down, try again later\r\n";
inline constexpr Wire kTemporaryFault      = "421 4.3.0 Temporary failure, try again later\r\n";
inline constexpr Wire kTooManyErrors       = "421 4.7.0 Too many errors, closing connection\r\n";
inline constexpr Wire kTooManyLogins       = "421 4.7.0 Too many failed logins, closing connection\r\n";
inline constexpr Wire kTooMuchUnread       = "421 4.5.0 Too much input behind an unanswered command\r\n";
inline constexpr Wire kTooMuchDiscarded    = "421 4.3.4 Message far too big, closing connection\r\n";

inline constexpr Wire kTooManyRecipients   = "452 4.5.3 Too many recipients\r\n";
inline constexpr Wire kTooManyMails        = "452 4.5.3 Too many messages in this session, open another\r\n";
inline constexpr Wire kTlsNotAvailable     = "454 4.7.0 TLS not available\r\n";
inline constexpr Wire kLoginBackendDown    = "454 4.7.0 Temporary authentication failure\r\n";

inline constexpr Wire kUnknownCommand      = "500 5.5.2 Command unrecognized\r\n";
inline constexpr Wire kLineTooLong         = "500 5.5.6 Line too long\r\n";
inline constexpr Wire kControlCharacters   = "501 5.5.2 Control characters in the command\r\n";
inline constexpr Wire kBadChunk            = "501 5.5.4 Syntax: BDAT octets [LAST]\r\n";
inline constexpr Wire kNeedsArgument       = "501 5.5.4 Argument missing\r\n";
inline constexpr Wire kNoArgumentAllowed   = "501 5.5.4 No argument allowed\r\n";
inline constexpr Wire kBadHelo             = "501 5.5.4 Invalid domain name or address literal\r\n";
inline constexpr Wire kBadParameter        = "501 5.5.4 Malformed or repeated parameter\r\n";
inline constexpr Wire kBadReturn           = "501 5.5.4 RET is FULL or HDRS\r\n";
inline constexpr Wire kBadEnvid            = "501 5.5.4 ENVID is 1 to 100 characters of xtext\r\n";
inline constexpr Wire kBadNotify           = "501 5.5.4 NOTIFY is NEVER, or a list of SUCCESS, FAILURE and DELAY\r\n";
inline constexpr Wire kBadOrcpt            = "501 5.5.4 ORCPT is type;address in xtext, at most 500 characters\r\n";
inline constexpr Wire kMailSyntax          = "501 5.5.2 Syntax: MAIL FROM:<address>\r\n";
inline constexpr Wire kRcptSyntax          = "501 5.5.2 Syntax: RCPT TO:<address>\r\n";
inline constexpr Wire kMailPathSyntax      = "501 5.1.7 The address must be in angle brackets: MAIL FROM:<address>\r\n";
inline constexpr Wire kRcptPathSyntax      = "501 5.1.3 The address must be in angle brackets: RCPT TO:<address>\r\n";
inline constexpr Wire kBadSender           = "501 5.1.7 Sender address syntax error\r\n";
inline constexpr Wire kBadSenderDomain     = "501 5.1.8 Sender address has an invalid domain\r\n";
inline constexpr Wire kBadRecipient        = "501 5.1.3 Recipient address syntax error\r\n";
inline constexpr Wire kBadRecipientDomain  = "501 5.1.2 Recipient address has an invalid domain\r\n";
inline constexpr Wire kAuthMalformed       = "501 5.5.2 Cannot decode the response\r\n";
inline constexpr Wire kAuthCancelled       = "501 5.7.0 Authentication cancelled\r\n";
inline constexpr Wire kNotImplemented      = "502 5.5.1 Command not implemented\r\n";
inline constexpr Wire kAuthNotOffered      = "502 5.5.1 AUTH is not offered here\r\n";
inline constexpr Wire kBadSequence         = "503 5.5.1 Command not allowed at this point\r\n";
inline constexpr Wire kNeedsHelo           = "503 5.5.1 Send EHLO first\r\n";
inline constexpr Wire kNeedsMail           = "503 5.5.1 Need MAIL first\r\n";
inline constexpr Wire kNeedsRecipient      = "503 5.5.1 No valid recipients\r\n";
inline constexpr Wire kAlreadyInTls        = "503 5.5.1 TLS is on already\r\n";
inline constexpr Wire kAlreadyLoggedIn     = "503 5.5.1 Already authenticated\r\n";
inline constexpr Wire kUnknownMechanism    = "504 5.5.4 Unrecognized authentication mechanism\r\n";

inline constexpr Wire kTlsRequired         = "530 5.7.0 Must issue a STARTTLS command first\r\n";
inline constexpr Wire kAuthRequired        = "530 5.7.0 Authentication required\r\n";
inline constexpr Wire kAuthFailed          = "535 5.7.8 Authentication credentials invalid\r\n";
inline constexpr Wire kAuthNeedsTls        = "538 5.7.11 Encryption required for this authentication mechanism\r\n";
inline constexpr Wire kBareCrOrLf          = "550 5.5.2 bare <CR> or <LF> in message\r\n";
inline constexpr Wire kNulInMessage        = "550 5.6.0 NUL in message\r\n";
inline constexpr Wire kTextLineTooLong     = "550 5.6.0 Line too long in message\r\n";
inline constexpr Wire kBrokenHeader        = "550 5.6.0 Message does not begin with a header field\r\n";
inline constexpr Wire kMessageTooBig       = "552 5.3.4 Message too big\r\n";
inline constexpr Wire kNeedsSmtpUtf8       = "553 5.6.7 Address is not ASCII and MAIL came without SMTPUTF8\r\n";
inline constexpr Wire kLoop                = "554 5.4.6 Routing loop detected: too many Received fields\r\n";
inline constexpr Wire kNotSmtp             = "554 5.5.0 This is an SMTP server\r\n";
inline constexpr Wire kImproperPipelining  = "554 5.5.0 Improper command pipelining\r\n";
inline constexpr Wire kUnknownParameter    = "555 5.5.4 Unsupported parameter\r\n";

inline constexpr auto kAll = std::to_array<Wire>({
    kOk, kReset, kStartData, kReadyForTls, kAuthSucceeded, kAuthContinue, kHelp, kBye, kCannotVerify, kIdleTooLong,
    kShuttingDown, kTemporaryFault, kTooManyErrors, kTooManyLogins, kTooMuchUnread, kTooMuchDiscarded,
    kTooManyRecipients, kTooManyMails, kTlsNotAvailable, kLoginBackendDown, kUnknownCommand, kLineTooLong,
    kControlCharacters, kBadChunk, kNeedsArgument, kNoArgumentAllowed, kBadHelo, kBadParameter, kBadReturn, kBadEnvid, kBadNotify, kBadOrcpt, kMailSyntax, kRcptSyntax,
    kMailPathSyntax, kRcptPathSyntax,
    kBadSender, kBadSenderDomain, kBadRecipient, kBadRecipientDomain, kAuthMalformed, kAuthCancelled, kNotImplemented,
    kAuthNotOffered, kBadSequence, kNeedsHelo, kNeedsMail, kNeedsRecipient, kAlreadyInTls, kAlreadyLoggedIn,
    kUnknownMechanism, kTlsRequired, kAuthRequired, kAuthFailed, kAuthNeedsTls, kBareCrOrLf, kNulInMessage,
    kTextLineTooLong, kBrokenHeader, kMessageTooBig, kNeedsSmtpUtf8, kLoop, kNotSmtp, kImproperPipelining,
    kUnknownParameter,
});
// clang-format on

} // namespace postern::smtp::replies
