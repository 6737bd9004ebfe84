"""English: the words that matter, by what they do in a sentence."""

from typing import Final

CLASSES: Final = {
    # To end something.
    "stop": "🛑 stop stp stpo sotp stopp stahp staph sstop",
    "cease": "stoop 🛑 stop stp stpo sotp stopp stahp staph sstop quit cease halt discontinue desist refrain",
    "end_verb": "cancel cancle cancell end terminate disable deactivate suspend discontinue kill",
    "switch": "turn shut switch",
    "weak": "cancel cancle cancell end quit remove terminate revoke",
    "unsub": "unsubscribe unsub unsubscribing optout optingout unenroll deregister unregister "
    "desubscribe disenroll",
    "unsubbed": "unsubscribed optedout unenrolled unsubbed",
    "opt": "opt",
    "out": "out",
    "remove": "wipe ditch trash toss nuke discard remove delete erase scrub purge unlist exclude removing deleting",
    "take": "leave take get pull keep scratch strike drop taking getting",
    "removed": "removed deleted erased",
    "taken": "taken pulled off",
    "lose": "lose forget",
    "revoke": "revoke revoking revoked withdraw withdrawing withdrawn rescind rescinding rescinded "
    "retract retracting",
    "consent": "consent permission authorization authorisation authority approval",
    # To write to somebody.
    "contact": "text txt txts message msg contact call phone ring email bother disturb harass pester "
    "bug annoy spam ping dm sms solicit write hound badger stalk bombard hassle",
    "contacting": "texting txting txtng textin texing messaging messagin msging contacting calling "
    "callin phoning ringing emailing bothering botherin disturbing harassing harrassing pestering "
    "bugging buggin annoying spamming spaming pinging soliciting writing hounding badgering stalking "
    "bombarding hassling smsing dming texts",
    "contacted": "texted messaged contacted called emailed bothered disturbed harassed spammed "
    "solicited pestered phoned",
    "blowing": "blowing hitting lighting",
    "up": "up",
    "send": "send snd deliver forward push blast shoot",
    "sending": "sending sendin snding delivering forwarding pushing blasting",
    "voice": "call calling callin calls phone phoning ring ringing robocalls robocall",
    "keep": "keep keeps",
    # Messages.
    "message": "texts txts messages msgs messges mesages messeges msges textmessages robotexts "
    "notifications notifs txtmsgs robocalls smss",
    "one_message": "text txt message msg mssg textmessage sms mms notification texting",
    "category": "alerts promos promotions offers ads adverts advertisements advertisments advertising "
    "marketing updates newsletters newsletter blasts solicitations solicitation campaigns "
    "communications communication correspondence reminders coupons deals spam junk surveys calls "
    "emails contact specials mailings",
    "marketing": "promos promotions offers ads adverts advertisements advertisments advertising "
    "marketing coupons deals specials sales promo promotional",
    "program": "alerts updates newsletters newsletter reminders surveys notifications",
    "kind": "marketing promotional promo advertising text txt texting sms mms automated automatic "
    "unwanted unsolicited annoying stupid spam spammy daily weekly email sales damn fucking fuckin "
    "phone political campaign constant goddamn freaking fricking dumb ridiculous random junk mass "
    "bulk robo ad alert news mobile type types kind kinds sort",
    "these": "these this those them dese",
    "thing": "nothing these this those them it that anything stuff crap shit nonsense garbage bs bullshit "
    "trash things dese",
    "det": "the these those this that your ur my our any all such every each of some more further "
    "additional anymore so many much other another a an future yur yalls ya everything with w no",
    "quantity": "any more further additional another anymore other future",
    # People.
    "me": "me us mee",
    "my": "my our",
    "number": "number num numbr nmbr nbr no numbers phone cell cellphone line mobile info "
    "information details name data phonenumber contact #",
    "which": "work personal home cell mobile business private office new other",
    "i": "i im ive ill id we were weve wed",
    "am": "am im were are was is",
    "you": "youve youd youll you u ya yall yous youse ye",
    "your": "your ur yur youre yours",
    "it": "it they",
    "other": "he she they him her hes shes theyre who people everyone someone somebody kids customer "
    "customers user users patients clients wife husband mom dad mother father sister brother "
    "boyfriend girlfriend son daughter friend friends boss bf gf ex",
    # Not.
    "do_not": "dont donot dnt doent",
    "never": "never",
    "no_longer": "nolonger",
    "past_not": "didnt havent hasnt wasnt werent hadnt",
    "not": "not",
    "cannot": "cant cannot couldnt",
    "neg": "dont donot dnt never nolonger not didnt havent hasnt wont wouldnt shouldnt isnt "
    "arent without wasnt neither nor",
    "no": "no zero",
    "more": "more further additional another anymore extra",
    "anymore": "anymore again ever evr more furthermore longer",
    # Around a request.
    "please": "plese pleaze please pls plz plse pleez plss plzz pleas kindly",
    "soft": "plese pleaze please pls plz plse pleez plss plzz pleas kindly just really simply also both and so "
    "then but now seriously literally already still immediately ever fucking freaking fricking effing "
    "fkn fuckin damn goddamn actually hereby again either officially formally respectfully right guys "
    "man dude bro hey hi hello ok okay yes yeah yo dear sorry well omg ugh wow sir maam madam nope nah "
    "folks oh wait bud buddy pal mate hun honey thanks thank thx ty today permanently completely altogether entirely all",
    "thanks": "thanks thank thx ty tysm tnx thankyou cheers",
    "now": "now immediately immediatly asap already today forever permanently completely altogether "
    "entirely rightnow atonce period instantly ok okay here",
    "swear": "fuck fucking fuckin fkn damn dammit damnit goddamn hell shit bitch bitches asshole "
    "assholes idiots idiot morons moron bastards bastard jerks jerk scammers scammer spammers spammer "
    "wtf ffs tf af dickhead dickheads motherfuckers motherfucker fuckers fucker creeps creep losers "
    "loser stupid perverts pervert the bro dude man jeez lord",
    "modal": "can could will would cld wld may must should shall need might pls please cn to need "
    "have better got better",
    "want": "want wanna wish like desire care prefer need wana wan love appreciate",
    "urge": "want wanna wish like desire prefer need wana wan have got gotta hafta trying tryin try tried "
    "going gonna looking ready am im id ill would to can could how do does i we please just really "
    "also shall will must the best way is there a request requesting asking ask "
    "be officially formally",
    "intend": "need have want got gotta wanna hafta ought trying tryin try going gonna should must "
    "will ill might may can could would to am im just really better also probably",
    "to": "to 2",
    "be": "be being been",
    "receive": "receive recieve receiving recieving recive get getting hear hearing see seeing accept "
    "have having",
    "hear": "hear",
    "from": "from",
    "list": "list lists database databases system systems records directory roster distribution files "
    "mailinglist program subscription subscriptions contacts campaign service registry textlist "
    "notifications alerts everything thread chain",
    "list_kind": "mailing marketing texting text txt sms call calling contact distribution subscriber "
    "subscription spam email promo promotional phone robocall campaign messaging mobile sales message "
    "notification alert contacts customer client",
    "waiting": "waiting wait waitlist guest shopping grocery wish class attendance price packing "
    "invite reservation schedule",
    "off": "off from frm of out outof outta offa",
    "all": "all everything everyone anything completely entirely",
    "how": "how hw howd",
    "why": "why",
    "did": "did does didnt has have do",
    "past_did": "did does didnt has have",
    "if": "if when whenever once",
    "hedge": "if when unless otherwise while until whenever till",
    "proviso": "use replace update save instead until till unless except only but however though fornow while",
    "say": "said say told asked tell ask telling asking saying hit requested replying begged",
    "times": "times twice already before again multiple several repeatedly thrice time two three four five six seven eight nine ten dozen hundred",
    "alone": "alone",
    "leave": "leave",
    "wrong": "wrong incorrect wrng",
    "person": "number num numbr nmbr nbr # phone cell person guy lady woman man dude gal party "
    "individual girl line mobile",
    "reach": "have got had reached texted texting contacted contacting called calling messaged "
    "messaging dialed dialled has hav getting sent reaching text texts",
    "gave": "gave put typed entered wrote listed used given dialed dialled ordered charged",
    "go": "go",
    "away": "away",
    "off_verb": "screw fuck fck fk fuk fuc fukk piss bugger sod eff feck buzz naff shove f frig phuck fvck "
    "jog bog",
    "hostile": "f fuck screw fck fuk eff fvck phuck bite",
    "address": "phone cell number numbers list lists database num nbr texts messages sms mms messaging",
    "cancelling": "cancel cancle cancell terminate disable deactivate suspend discontinue",
    "family": "wife husband kid kids daughter son mom mother dad father grandma grandpa parents family "
    "child children boyfriend girlfriend employee staff",
    "wanting": "want wanna wish like need care",
    "resident": "live lives work",
    "hostile_word": "suck sucks",
    "hate": "hate hates annoying annoyed tired sick fed irritating irritated harassment harassing harassed "
    "unwanted unsolicited spam spamming spammed scam illegal sue suing lawsuit fcc ftc attorney "
    "lawyer tcpa dnc blocking blocked ridiculous constant constantly nonstop bombarding bombarded "
    "incessant excessive overwhelming intrusive invasive complaint nuisance pestering crazy nuts insane",
    "texting": "texting txting txtng textin texing messaging messagin msging spamming spaming harassing "
    "bothering",
    "interested": "interest interested intrested intersted",
    "too": "too so way",
    "many": "many much frequent often",
    "subscribe": "subscribe resubscribe optin optback resub",
    "begin": "start resume begin restart",
    "sign": "sign signup enroll add put place",
    "back": "back up in on",
    "signed": "sign signed subscribed opted consented agreed agree consent subscribe signup asked ask "
    "requested authorized authorised enrolled",
    "gave_you": "gave give given grant granted",
    "have": "have hav has got",
    "allowed": "allowed permitted authorized authorised welcome",
    "mean": "mean meant",
    "about": "about for with regarding re concerning",
    "block": "block blocking blocked report reporting reported",
    "enough": "enough",
    "done": "done through finished",
    "know": "know",
    "rather": "rather prefer appreciate like wish",
    "belong": "belong belongs",
    "the": "the a an my his her that",
    "name": "name",
    "ended": "sms mms texts txts messages msgs textmessages notifications notifs robotexts alerts newsletter "
    "newsletters spam blasts reminders",
    "pushed": "alerts promos newsletters newsletter solicitations blasts spam ads advertisements "
    "advertising marketing calls emails communications junk",
    "texted": "texted replied sent typed answered responded wrote txted entered pressed",
    "received": "receive receiving recieve recieving recive",
    "off_thing": "hold speaker speakerphone mute guard call",
    "junk": "spam scam harassment fraud",
    "think": "think believe its",
    "lost": "lost",
    "on": "on",
    "of": "of",
    "or": "or and nor",
    "clause": "i im ive ill id you your youre u thats we because cuz cus bc since wtf nobody no please "
    "pls stop leave remove take go thx dont never thank cease quit block delete lose its unsubscribe",
    "busy": "busy asleep in at on with about almost out home not gonna",
    # What the words mean elsewhere.
    "before_stop": "bus pit rest truck next last full metro subway tram train one first second third "
    "fourth fifth whistle door short tab gas food tour coach shuttle trolley ferry rail transit bike "
    "every each quick fuel",
    "after_stop": "sign signs light lights watch watches loss losses orders motion gap shop codon "
    "payment payments cock lamp buttons",
    "and_go": "go shop grab pick get think smell chat eat look check visit drop buy see say listen "
    "consider wait rest stare",
    "place": "by in over off along near into outside past through inside beside behind around",
    "at": "at",
    "once": "once",
    "way": "way",
    "for": "for",
    "good": "good now ever",
    "being": "being",
    "and": "and n",
    "request": "request requests notice reply word keyword command message text",
    "metric": "rate rates count counts numbers metrics report reports customers users percentage "
    "total totals stats statistics data",
    "forget": "forget hesitate worry mind be afraid",
    "got": "leave gotten get got receive received see saw seen hear heard read open find found getting receiving "
    "notice",
    "going": "coming going sending working loading delivered delivering showing arriving received "
    "sent seen opening",
    "pausing": "pause mute snooze silence hold",
    "whose": "her his their my our",
    "subscription": "subscription subscriptions membership service services account everything "
    "me plan",
    "there": "there",
    "reason": "need reason point",
    "seem": "seem just even",
    "condition": "after before until til till unless if when while during except only tonight tomorrow "
    "late early often much many night nights weekend weekends weekday weekdays monday tuesday "
    "wednesday thursday friday saturday sunday sundays mornings morning evening evenings midnight "
    "daily weekly monthly everyday day frequently am pm fornow temporarily instead",
    "laugh": "lol lmao lmfao rofl haha hahaha hahahaha hehe lolol jk kidding nvm nevermind hah ha xd "
    "lolz rotfl bahaha",
}
