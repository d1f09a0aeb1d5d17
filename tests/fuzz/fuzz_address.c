/* Recipients as an MTA or a list gives them. */
#include "fuzz.h"

#include "core/address.h"

static void check_canonical(const struct address *address)
{
    struct address again, domain;

    PROMISE(address->length <= ADDRESS_MAX && strlen(address->text) == address->length);
    PROMISE(address->text[address->at] == '@' && address->at <= ADDRESS_LOCAL_MAX);
    PROMISE(address_parse(address->text, &again) == 0);
    PROMISE(strcmp(again.text, address->text) == 0 && again.at == address->at);
    address_domain(address, &domain);
    PROMISE(domain.at == 0 && strcmp(domain.text, address->text + address->at) == 0);
    PROMISE(address_parse_domain(domain.text, &again) == 0 && strcmp(again.text, domain.text) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char name[ADDRESS_GIVEN_MAX + 1];
    struct address address;
    char *given = fuzz_string(data, size);

    if (address_parse(given, &address) == 0)
        check_canonical(&address);
    if (address_parse_domain(given, &address) == 0)
        PROMISE(address.at == 0 && address.text[0] == '@');
    bool removable = address_is_removable(given);
    PROMISE(removable == (address_for_removal(given, name) == 0));
    free(given);
    return 0;
}
