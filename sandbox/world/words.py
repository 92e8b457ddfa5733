# ruff: noqa: E501 - a sentence a line reads better than a wrapped one
"""What people write, by scenario: sentences with slots, written for this world.

A customer's sentence carries its sentiment, −1 (furious) to 1 (delighted).
"""

from dataclasses import dataclass

Said = tuple[float, str]


@dataclass(frozen=True)
class Words:
    """The sentences of one scenario."""

    subjects: tuple[str, ...]
    opens: tuple[Said, ...]
    asks: tuple[str, ...]
    answers: tuple[Said, ...]
    solves: tuple[str, ...]
    reopens: tuple[Said, ...]
    notes: tuple[str, ...]


WORDS = {
    "refund_delay": Words(
        ("Refund for order {order} has not arrived", "Where is my refund?", "Still no refund – {order}",
         "Refund of {amount} missing", "Money back for the {product}"),
        ((-0.8, "My refund of {amount} for order {order} has still not arrived. You confirmed it on {date} and nothing has happened since."),
         (-0.5, "I sent the {product} back on {date} and I am still waiting for the refund of {amount}."),
         (-0.9, "This is the second time I write about the refund for {order}. It has not arrived and nobody tells me why. I am seriously annoyed."),
         (-0.4, "Could you check the refund for order {order}? It should have been on my card by {date}."),
         (-0.7, "Two weeks ago you accepted my return of the {product}. The {amount} has not arrived on my account. How long does this take?")),
        ("I am sorry about the delay. Could you tell me whether you paid order {order} by card or by bank transfer?",
         "Thank you for writing, and sorry for the wait. Which of your cards did you use, the last four digits are enough?",
         "I have asked our payments team about the {amount}. Can you confirm that the return reached us on {date}?"),
        ((-0.5, "I paid by card. I really expected this to be faster."),
         (-0.2, "It was a bank transfer. Please let me know when it is on its way."),
         (-0.7, "By card, as I already wrote in my first message. This is getting ridiculous.")),
        ("The refund of {amount} for order {order} was released today. It takes two to three bank days to show. I am sorry for the delay.",
         "I found your refund waiting in our queue and sent it off by hand just now: {amount}. You will have it within three working days.",
         "Our payments provider was late with many refunds this week. Yours, {amount}, is now marked as paid."),
        ((-0.9, "It is still not here. You told me three days and it has not arrived. I want to speak to a manager."),
         (-0.8, "Still no money on my account. If this is not solved now I will dispute the charge with my bank.")),
        ("Refund {order} is stuck at the payments provider, asked finance to push it.",
         "Third contact about late refunds today. Looks like the batch of {date} did not run."),
    ),
    "outage": Words(
        ("Site is down", "Cannot log in", "Error 503", "App not working", "Nothing loads"),
        ((-0.5, "Your site is down, I only get error 503."), (-0.4, "Cannot log in since this morning. The app shows an error."),
         (-0.6, "Nothing loads. I need to place an order today."), (-0.3, "Is there an outage? The page stays white."),
         (-0.7, "The app crashes every time I open it. This costs us money.")),
        ("Thank you for reporting this. We have an outage and our engineers are working on it. Does the page at the moment show an error number?",),
        ((-0.3, "It says 503, service unavailable."), (0.0, "Now it shows a white page.")),
        ("The outage is over, everything should work again. Thank you for your patience, and sorry for the trouble.",
         "Our service is back. Please reload the page, and write to us again if anything is still wrong."),
        ((-0.7, "It is down again for me. Same error."),),
        ("Known outage, linked to the incident of today.",),
    ),
    "account_change": Words(
        ("Change my address", "New e-mail address for my account", "Please update my phone number",
         "Change of account details", "I moved: new address"),
        ((0.0, "I would like to change the e-mail address of my account. The new one is {newmail}."),
         (0.1, "I have moved. Please change my address to {street} {house}, {city}."),
         (0.0, "Please update the phone number on my account to {phone}."),
         (0.0, "Could you change the name on my account to {name}? I got married in the summer."),
         (-0.1, "I tried to change my address online and it did not work. The new address is {street} {house} in {city}.")),
        ("{thanks} Before I change anything on your account, please confirm the e-mail address we have on file and the number of your last order.",
         "{thanks} To protect your account, could you tell me two things first: the e-mail address on file, and your most recent order number?",
         "{thanks} I am happy to do that. For your security I need to verify you: which e-mail address is registered with us, and what was the number of your last order?",
         "{thanks} May I first ask you to confirm your registered e-mail and the last order number? After that I will make the change."),
        ((0.1, "Of course: {email}, and the last order was {order}."),
         (0.2, "Sure. E-mail {email}, order {order}. Good that you ask."),
         (-0.1, "Fine. It is {email} and the order number is {order}.")),
        ("Thank you, that matches our records. {changed} {offer}",
         "Thanks for confirming. {changed} {offer}",
         "All verified. {changed} {offer}"),
        ((-0.5, "I still see the old details in my account. Can you look at it again?"),),
        ("Customer verified by e-mail and last order.", "Details changed in the customer system."),
    ),
    "delivery": Words(
        ("Where is my order {order}?", "Parcel not delivered", "Delivery of the {product}", "Late parcel"),
        ((-0.3, "My order {order} should have been delivered on {date}. The tracking has not moved since."),
         (0.0, "Can you tell me when the {product} from order {order} will arrive?"),
         (-0.6, "The courier says the parcel was delivered, but I have nothing. Order {order}."),
         (-0.2, "I would like to send order {order} to another address: {street} {house}, {city}. Is that still possible?")),
        ("Thank you for your message. Could you confirm the delivery address for order {order}, so that I can ask the courier?",
         "I am looking into order {order}. Is there a neighbour or a pick-up point near you where the parcel could be?"),
        ((0.0, "It is {street} {house}, {city}. You can also call me at {phone}."),
         (-0.3, "No, I asked all the neighbours already."), (0.1, "Yes, that is right. Thank you for looking into it.")),
        ("The courier found your parcel, it will be with you tomorrow before noon. Sorry for the wait.",
         "I have sent a replacement for order {order} by express. You will get the tracking number today.",
         "Your parcel is at the pick-up point in {city}. The code was sent to {email}."),
        ((-0.6, "It did not come today either. What happens now?"), (-0.4, "The parcel came, but one item is missing.")),
        ("Courier contacted, answer expected tomorrow.", "Tracking shows a failed attempt on {date}."),
    ),
    "damaged_item": Words(
        ("Broken {product}", "Damaged on arrival: {order}", "The {product} does not work"),
        ((-0.6, "The {product} arrived broken. The box was already damaged. Order {order}."),
         (-0.4, "My new {product} stopped working after two days. What can we do?"),
         (-0.3, "There is a crack in the {product} from order {order}. I would like a replacement.")),
        ("I am sorry to hear that. Could you send us a picture of the damage, and tell us whether you prefer a replacement or your money back?",
         "That should not happen, sorry. Is the serial number on the back of the {product} still readable?"),
        ((-0.1, "Picture attached. A replacement would be great."), (-0.3, "Here it is. I would rather have my money back.")),
        ("A new {product} leaves our warehouse today. You can keep the broken one.",
         "I have refunded {amount} for the {product}. Thank you for the picture."),
        ((-0.7, "The replacement is broken as well. I cannot believe it."),),
        ("Third {product} from this batch with the same crack.", "Replacement approved."),
    ),
    "invoice": Words(
        ("Invoice for order {order}", "Copy of invoice", "VAT number on invoice"),
        ((0.1, "Could you send me the invoice for order {order} again? My accountant needs it."),
         (0.0, "Our VAT number is missing on the invoice for {order}. Please correct it."),
         (0.0, "I need one invoice for all orders of last month. Is that possible?")),
        ("Happy to help. Which company name should be on the invoice?", "Thank you. To which e-mail address should the invoice go?"),
        ((0.1, "Please send it to {email}."), (0.1, "{name}, {street} {house}, {city}.")),
        ("The invoice for {order} is on its way to {email}.", "I corrected the invoice and sent you the new version."),
        ((-0.3, "The amount on the invoice is wrong, it should be {amount}."),),
        ("Invoice reissued.",),
    ),
    "login_problem": Words(
        ("Password reset does not work", "Locked out of my account", "No verification code"),
        ((-0.4, "I do not get the e-mail for the password reset. My address is {email}."),
         (-0.5, "My account is locked after three attempts and I have an urgent order."),
         (-0.3, "The verification code never arrives on my phone {phone}.")),
        ("Sorry about that. Could you look into your spam folder, and tell me the time of your last attempt?",
         "I see the lock on your account. Do you use the app or the website?"),
        ((-0.2, "Nothing in the spam folder. The last attempt was ten minutes ago."), (0.0, "The website, with Firefox.")),
        ("I removed the lock. Please try again with a new password; we will never ask you for it.",
         "I sent a new reset link to {email}. It is valid for one hour."),
        ((-0.6, "The link says it has expired. It does not work."),),
        ("Lock removed in the admin panel.",),
    ),
    "product_question": Words(
        ("Question about the {product}", "Is the {product} in stock?", "Which {product} fits?"),
        ((0.2, "Before I order: does the {product} come with a two-year warranty?"),
         (0.1, "When will the {product} be in stock again?"), (0.3, "I love my {product}. Is there a bigger version of it?")),
        ("Good question! For which country do you need it?", "Thank you for your interest. What will you use the {product} for?"),
        ((0.2, "For {city}, thank you."), (0.2, "Mostly at home, every day.")),
        ("Yes, the {product} has a two-year warranty, and you can return it within 30 days.",
         "It will be back in stock next week. I have put a reminder on {email}."),
        ((-0.1, "One more question: can I pay it in two parts?"),),
        ("Asked the product team.",),
    ),
    "cancellation": Words(
        ("Cancel my subscription", "Please close my account", "I want to cancel"),
        ((-0.4, "Please cancel my subscription at the end of the month. It has become too expensive."),
         (-0.7, "I want to cancel everything. The service has been disappointing."),
         (-0.2, "How do I close my account? I do not use it any more.")),
        ("I am sorry to see you go. May I ask what we could have done better?", "I can do that for you. Should the cancellation start today or at the end of the month?"),
        ((-0.3, "At the end of the month, please."), (-0.5, "Too many delays, honestly.")),
        ("Your subscription ends on the last day of this month. You will not be charged again.", "The account is closed. Thank you for the time with us."),
        ((-0.8, "You charged me again although I cancelled. Take this back immediately, or I call my lawyer."),),
        ("Offered a discount of 20%, declined.",),
    ),
    "praise": Words(
        ("Thank you!", "Great service", "Compliment for {agent}"),
        ((0.9, "I just wanted to say thank you. {agent} helped me wonderfully with order {order}."),
         (0.8, "The {product} is fantastic and it came a day early. Great job!")),
        ("Thank you so much for the kind words! May we quote them?",),
        ((0.8, "Of course, with pleasure."),),
        ("You made our day, thank you! I have passed it on to the team.",),
        ((0.3, "By the way, can I order the same again?"),),
        ("Shared with the team.",),
    ),
    "double_charge": Words(
        ("Charged twice for {order}", "Double payment", "Wrong amount on my card"),
        ((-0.6, "I was charged twice for order {order}: {amount} each time."),
         (-0.5, "My card statement shows {amount}, but the order was cheaper. My card is {card}."),
         (-0.7, "You took {amount} from my account without any order. Explain this please.")),
        ("Thank you for telling us. On which dates do you see the two payments?", "I am checking this with our payments team. Please do not send card numbers by mail; the last four digits are enough."),
        ((-0.4, "Both on {date}."), (-0.3, "The first on {date}, the second one day later.")),
        ("The second payment was only reserved and has been released. It disappears within three days.",
         "You are right, and I am sorry: {amount} is on its way back to your card."),
        ((-0.7, "The second charge is still on my statement. Not solved."),),
        ("Double capture confirmed by the payments provider.",),
    ),
    "app_bug": Words(
        ("App crashes at checkout", "Bug in the mobile app", "Filter does not work"),
        ((-0.3, "The app crashes as soon as I open the basket. I have the newest version."),
         (-0.2, "The filter for the {product} shows the wrong items."), (-0.4, "Push messages come three times each. Please fix this.")),
        ("Thank you for the report. Which phone and which version do you use?", "Could you send us a screenshot of the error?"),
        ((0.0, "A two-year-old phone, version 4.2."), (-0.1, "Here is the screenshot.")),
        ("The fix is in version 4.3, which is in the store since today.", "Our developers found the cause. It will be fixed with the next update."),
        ((-0.5, "Version 4.3 crashes as well."),),
        ("Reproduced, handed to the developers.",),
    ),
}  # fmt: skip
HELLOS = ("Hello,", "Hi,", "Good morning,", "Dear team,", "Hi there,", "Hello support,", "Hey,")
MOODS: tuple[Said, ...] = (
    (0.0, ""), (0.0, ""), (0.0, ""), (0.1, "Thanks in advance."), (0.15, "Thank you for your help!"),
    (-0.1, "Please answer soon."), (-0.2, "I have waited long enough."), (0.1, "Have a nice day."),
    (-0.25, "I am disappointed, I expected better."), (0.05, "You can reach me at {phone}."),
)  # fmt: skip
SIGNS = (
    "{name}", "Best regards\n{name}", "{first}", "Kind regards,\n{name}\n{phone}", "Thanks\n{name}\n{email}",
    "{name}\n{street} {house}, {city}", "Regards, {first}", "",
)  # fmt: skip
GREETINGS = ("Hello {first},", "Hi {first},", "Dear {name},", "Good day {first},")
CLOSINGS = (
    "Kind regards,\n{agent}",
    "Best wishes\n{agent}",
    "{agent}, {company} support",
    "All the best,\n{agent}",
)
THANKS = (
    "Thank you for getting in touch, {first}.",
    "Thanks for your message, {first}.",
    "Thank you for contacting us, {first}.",
)
CHANGED = (
    "Your account now shows the new details.", "I have changed the details as you asked, the new ones are active.",
    "The change is done: your new details are saved.",
)  # fmt: skip
OFFERS = (
    "Is there anything else I can do for you?",
    "Let me know if I can help with anything else.",
    "Can I help with anything else today?",
)
UNCHECKED = (
    "{thanks} Done! {changed} {offer}", "{thanks} No problem at all. {changed} {offer}",
    "{thanks} I have taken care of it right away. {changed} {offer}", "{thanks} That was quick: {changed} {offer}",
)  # fmt: skip
FOLLOW_UPS = (
    "Thank you, I am checking this and will come back to you shortly.", "Thanks for the details. I have passed them on and expect an answer today.",
    "One moment please, I am looking at it now.", "Thank you. Is there anything else that I should know?",
)  # fmt: skip
LATER: tuple[Said, ...] = (
    (0.1, "Thanks, that is all I know."), (-0.2, "Any news on this?"), (0.3, "Perfect, thank you!"), (-0.3, "I am still waiting for an answer."), (0.0, "No, nothing else."),
)  # fmt: skip
HOLDS = (
    "We have to ask our supplier about this. I will write to you as soon as I have an answer.",
    "This needs a colleague in the warehouse. I keep your ticket on hold until they answer.",
)
TRANSFERS = ("This one is for the {group} team, handing over.", "Wrong queue, moving to {group}.")
MERGES = (
    "Request #{number} was closed and merged into request #{target}. Last comment: same question from the same customer.",
)
INTERNAL_OPEN = (
    "Customer {name} ({email}) asked on the phone about order {order}; I am opening this ticket on their behalf.",
    "Opened for {name} after a conversation at the counter in {city}. Call back at {phone}.",
)
GOOD_COMMENTS = (
    "", "", "Fast and friendly.", "Very helpful, thank you!", "{agent} was great.", "Solved on the first try.",
    "Thank you for your patience with me. {name}",
)  # fmt: skip
BAD_COMMENTS = (
    "",
    "",
    "Took far too long.",
    "My problem is not solved.",
    "I had to explain everything three times.",
    "Nobody called me back at {phone}.",
    "Still waiting. {name}",
)
