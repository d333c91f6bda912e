// SPDX-License-Identifier: GPL-3.0-or-later
//
// What a client does in each move: the actions that the table in client_transitions.cpp names. Not for other folders.
// Each reads and writes the machine it is given and says which of the row's two targets follows.
#pragma once

#include "smtp/client_machine.h"

namespace postern::smtp::action {

// Getting ready and signing in: client_opening.cpp
ClientTransitions::Way onConnected(ClientTransitions::Machine& m);
ClientTransitions::Way protocolError(ClientTransitions::Machine& m);
ClientTransitions::Way onGreeting(ClientTransitions::Machine& m);
ClientTransitions::Way onGreetingRefused(ClientTransitions::Machine& m);
ClientTransitions::Way onEhlo(ClientTransitions::Machine& m);
ClientTransitions::Way onHelo(ClientTransitions::Machine& m);
ClientTransitions::Way onHelloRefused(ClientTransitions::Machine& m);
ClientTransitions::Way onEhloRefused(ClientTransitions::Machine& m);
ClientTransitions::Way sendStartTls(ClientTransitions::Machine& m);
ClientTransitions::Way onStartTlsAgreed(ClientTransitions::Machine& m);
ClientTransitions::Way onStartTlsRefused(ClientTransitions::Machine& m);
ClientTransitions::Way onTlsUp(ClientTransitions::Machine& m);
ClientTransitions::Way onTlsDown(ClientTransitions::Machine& m);
ClientTransitions::Way sendAuthPlain(ClientTransitions::Machine& m);
ClientTransitions::Way sendPlainToken(ClientTransitions::Machine& m);
ClientTransitions::Way sendAuthLogin(ClientTransitions::Machine& m);
ClientTransitions::Way sendUser(ClientTransitions::Machine& m);
ClientTransitions::Way sendPassword(ClientTransitions::Machine& m);
ClientTransitions::Way onSignedIn(ClientTransitions::Machine& m);
ClientTransitions::Way onSignInRefused(ClientTransitions::Machine& m);

// One message: client_mail.cpp
ClientTransitions::Way becomeReady(ClientTransitions::Machine& m);
ClientTransitions::Way endOfMail(ClientTransitions::Machine& m);
ClientTransitions::Way onOffer(ClientTransitions::Machine& m);
ClientTransitions::Way sendReset(ClientTransitions::Machine& m);
ClientTransitions::Way sendMail(ClientTransitions::Machine& m);
ClientTransitions::Way sendGroupWithChunk(ClientTransitions::Machine& m);
ClientTransitions::Way onReset(ClientTransitions::Machine& m);
ClientTransitions::Way onMail(ClientTransitions::Machine& m);
ClientTransitions::Way onMailRefused(ClientTransitions::Machine& m);
ClientTransitions::Way onRcpt(ClientTransitions::Machine& m);
ClientTransitions::Way onDataGo(ClientTransitions::Machine& m);
ClientTransitions::Way onDataRefused(ClientTransitions::Machine& m);
ClientTransitions::Way sendChunk(ClientTransitions::Machine& m);
ClientTransitions::Way onGroupContent(ClientTransitions::Machine& m);
ClientTransitions::Way onContent(ClientTransitions::Machine& m);
ClientTransitions::Way onEarlyReply(ClientTransitions::Machine& m);
ClientTransitions::Way onFinal(ClientTransitions::Machine& m);
ClientTransitions::Way onEmptyFinal(ClientTransitions::Machine& m);
ClientTransitions::Way goOn(ClientTransitions::Machine& m);

} // namespace postern::smtp::action
